import { useEffect, useRef } from 'preact/hooks'
import { actorName } from '../../texts/actor-name.ts'
import { useEditor, useTexts } from './context.ts'
import { clockTime } from './wording.ts'

/** Both texts, when somebody else has saved the draft. One of them stays. */
export const ConflictDialog = () => {
  const { store, saving } = useEditor()
  const { texts } = store
  const dialog = useRef<HTMLDialogElement>(null)
  const state = store.saving
  const isOpen = state.state === 'conflict'
  useEffect(() => {
    if (isOpen && !dialog.current?.open) dialog.current?.showModal()
    if (!isOpen && dialog.current?.open) dialog.current.close()
  }, [isOpen])
  const theirs = state.state === 'conflict' ? state.theirs : null
  const time = theirs ? clockTime(theirs.at) : ''
  const by = theirs ? actorName(theirs.by, store.data.language) : ''
  return (
    <dialog
      ref={dialog}
      class="conflict"
      aria-labelledby="conflict-title"
      onCancel={(event) => event.preventDefault()}
    >
      <h2 id="conflict-title">{texts.conflictTitle}</h2>
      <p>{theirs ? texts.conflictText(by, time) : texts.conflictGone}</p>
      {isOpen ? <BothTexts own={store.text} theirs={theirs?.source ?? null} /> : null}
      <div class="dialog-actions">
        {theirs ? (
          <button type="button" onClick={() => saving.resolve('theirs')}>
            {texts.takeTheirs}
          </button>
        ) : null}
        <button type="button" class="main" onClick={() => saving.resolve('own')}>
          {texts.keepMine}
        </button>
      </div>
    </dialog>
  )
}

/** The own text, and theirs; null: the draft is gone. */
const BothTexts = ({ own, theirs }: { own: string; theirs: string | null }) => {
  const texts = useTexts()
  const [lines, others] = [own.split('\n'), (theirs ?? '').split('\n')]
  return (
    <div class="field-pair">
      <Lines title={texts.ownText} lines={lines} others={others} />
      {theirs === null ? null : <Lines title={texts.theirs} lines={others} others={lines} />}
    </div>
  )
}

/** A text. Lines that the other one lacks are marked. */
const Lines = ({ title, lines, others }: { title: string; lines: string[]; others: string[] }) => {
  const known = new Set(others)
  return (
    <section>
      <h3>{title}</h3>
      <pre translate={false}>
        {lines.map((line, i) => (
          <span key={i}>
            {known.has(line) ? line : <mark>{line || ' '}</mark>}
            {'\n'}
          </span>
        ))}
      </pre>
    </section>
  )
}
