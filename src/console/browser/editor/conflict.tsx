import { useEffect, useRef } from 'preact/hooks'
import { ADMIN_TOKEN_ACTOR } from '../../../auth/actors.ts'
import { useEditor } from './context.ts'
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
  const [own, other] = [store.text.split('\n'), (theirs?.source ?? '').split('\n')]
  const time = theirs ? clockTime(theirs.at) : ''
  const by = theirs?.by === ADMIN_TOKEN_ACTOR ? texts.adminToken : (theirs?.by ?? '')
  return (
    <dialog
      ref={dialog}
      class="conflict"
      aria-labelledby="conflict-title"
      onCancel={(event) => event.preventDefault()}
    >
      <h2 id="conflict-title">{texts.conflictTitle}</h2>
      <p>{theirs ? texts.conflictText(by, time) : texts.conflictGone}</p>
      <div class="field-pair">
        <Lines title={texts.ownText} lines={own} others={other} />
        {theirs ? <Lines title={texts.theirs} lines={other} others={own} /> : null}
      </div>
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
