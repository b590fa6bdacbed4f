import { render } from 'preact'
import { useEffect } from 'preact/hooks'
import type { EditorData } from '../../editor-data.ts'
import { keptText, removeKept } from '../kept-draft.ts'
import { BrokenText } from './broken-text.tsx'
import { AnswersForm, CampaignForm, EntryForm } from './campaign-forms.tsx'
import { keepChecked } from './checking.ts'
import { ConflictDialog } from './conflict.tsx'
import { EditorContext, useChanges, useEditor, useStore, useTexts } from './context.ts'
import { EditorHead } from './head.tsx'
import { ItemForm } from './item-forms.tsx'
import { listenToKeys } from './keys.ts'
import { Phone } from './phone.tsx'
import { Saving } from './saving.ts'
import { EditorStore, keyOf, type Replies } from './store.ts'
import { Timeline } from './timeline.tsx'

/** Draws the editor into `#editor`, whose data has the campaign. */
export function startEditor(): void {
  const place = document.getElementById('editor')
  if (!place?.dataset.editor) return
  const store = new EditorStore(JSON.parse(place.dataset.editor) as EditorData)
  const saving = new Saving(store)
  keepChecked(store)
  listenToKeys(store, saving)
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

/** What the simulated follower does. */
const Scenarios = () => {
  const store = useStore()
  const texts = useTexts()
  return (
    <fieldset class="scenarios">
      <legend>{texts.suppose}</legend>
      {(['soon', 'later', 'never'] as const).map((replies: Replies) => (
        <button
          type="button"
          class={store.replies === replies ? 'on' : ''}
          aria-pressed={store.replies === replies}
          onClick={() => store.set({ replies })}
        >
          {texts[replies]}
        </button>
      ))}
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
