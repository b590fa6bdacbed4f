import { render } from 'preact'
import { useEffect } from 'preact/hooks'
import type { EditorData, EditorFigures } from '../../editor-data.ts'
import { actorName } from '../../texts/actor-name.ts'
import { keptText, removeKept } from '../kept-draft.ts'
import { BrokenText } from './broken-text.tsx'
import { readFigures } from './calls.ts'
import { AnswersForm, CampaignForm, EntryForm } from './campaign-forms.tsx'
import { keepChecked } from './checking.ts'
import { ConflictDialog } from './conflict.tsx'
import { EditorContext, useChanges, useEditor, useStore, useTexts } from './context.ts'
import { listenToDrags } from './drag.ts'
import { EditorHead } from './head.tsx'
import { ItemForm } from './item-forms.tsx'
import { listenToKeys } from './keys.ts'
import { Phone } from './phone.tsx'
import { Saving } from './saving.ts'
import { EditorStore, keyOf, type Replies } from './store.ts'
import { Timeline } from './timeline.tsx'
import { watchDraft } from './watching.ts'
import { clockTime } from './wording.ts'

/** Draws the editor into `#editor`, whose data has the campaign. */
export function startEditor(): void {
  const place = document.getElementById('editor')
  if (!place?.dataset.editor) return
  const store = new EditorStore(JSON.parse(place.dataset.editor) as EditorData)
  const saving = new Saving(store)
  keepChecked(store)
  listenToKeys(store, saving)
  listenToDrags(store)
  watchDraft(store, saving)
  // Without figures, the editor works all the same.
  void readFigures(store.data.id).then(
    (figures) => store.set({ figures }),
    () => undefined,
  )
  // The skeleton of the page.
  place.replaceChildren()
  render(
    <EditorContext.Provider value={{ store, saving }}>
      <EditorPage />
    </EditorContext.Provider>,
    place,
  )
}

const EditorPage = () => {
  const store = useStore()
  useChanges(store)
  return (
    <div class={store.isFormOpen ? 'editor form-open' : 'editor'}>
      <EditorHead />
      <KeptText />
      <OthersText />
      {store.file.problem === null ? <Cards /> : <BrokenText />}
      <ConflictDialog />
    </div>
  )
}

const Cards = () => {
  const { mayChange } = useStore().data
  return (
    <div class="editor-columns">
      <div class="column">
        <Scenarios />
        <Timeline />
      </div>
      <div class="column form card">
        <fieldset class="whole-form" disabled={!mayChange}>
          <ChosenForm />
        </fieldset>
      </div>
      <Phone />
    </div>
  )
}

/** The share of the followers of the last seven days who did so. */
const Share = ({ of }: { of: Replies }) => {
  const replies = useStore().figures?.replies
  if (!replies) return null
  return <small>{Math.round((replies[of] / replies.runs) * 100)}%</small>
}

/** What the shares are of, or why there are none yet. */
function knownShares(texts: EditorStore['texts'], { replies, young }: EditorFigures): string {
  if (replies) return texts.repliesKnown(replies.runs)
  return young > 0 ? texts.repliesTooYoung(young) : texts.noReplies
}

/** What the simulated follower does. */
const Scenarios = () => {
  const store = useStore()
  const texts = useTexts()
  const { figures } = store
  return (
    <fieldset class="scenarios">
      <legend>{texts.suppose}</legend>
      {(['soon', 'later', 'never'] as const).map((replies: Replies) => (
        <button
          type="button"
          class={store.replies === replies ? 'on' : ''}
          aria-pressed={store.replies === replies}
          onClick={() => store.suppose(replies)}
        >
          {texts[replies]} <Share of={replies} />
        </button>
      ))}
      <p class="quiet">{figures ? knownShares(texts, figures) : ''}</p>
    </fieldset>
  )
}

const ChosenForm = () => {
  const store = useStore()
  const texts = useTexts()
  const { chosen } = store
  if (chosen === 'entry') return <EntryForm />
  if (chosen === 'campaign') return <CampaignForm />
  if (chosen === 'answers') return <AnswersForm />
  const card = store.cards.find(({ path }) => keyOf(path) === chosen)
  // The fields of another card are other fields.
  return card ? <ItemForm key={chosen} card={card} /> : <p class="quiet">{texts.pickCard}</p>
}

/** Says that somebody else has saved the draft while nothing was changed here. */
const OthersText = () => {
  const { store, saving } = useEditor()
  const { texts, others, data } = store
  if (!others) return null
  return (
    <div class="note amber" role="status">
      <span>{texts.othersSaved(actorName(others.by, data.language), clockTime(others.at))}</span>
      <button type="button" onClick={() => saving.take(others)}>
        {texts.loadTheirs}
      </button>
    </div>
  )
}

/** Offers what this device has kept of an earlier visit. */
const KeptText = () => {
  const { store } = useEditor()
  const { texts, data } = store
  useEffect(() => {
    store.set({ kept: keptText(data.id, data.source) })
  }, [])
  const { kept } = store
  if (kept === null || !data.mayChange) return null
  return (
    <div class="note amber" role="status">
      <span>{texts.localTitle}</span>
      <button
        type="button"
        onClick={() => {
          store.set({ kept: null })
          store.change(kept)
        }}
      >
        {texts.restoreLocal}
      </button>
      <button
        type="button"
        onClick={() => {
          removeKept(data.id)
          store.set({ kept: null })
        }}
      >
        {texts.dropLocal}
      </button>
    </div>
  )
}
