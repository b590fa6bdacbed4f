import type { GalleryEntry } from '../campaigns/gallery.ts'
import {
  CheckField,
  FormProblem,
  type FormState,
  type Option,
  SelectField,
  TextArea,
  TextField,
} from '../components/forms.tsx'
import { Page } from '../shell/page.tsx'
import { NEW_CAMPAIGN_TEXTS } from '../texts/campaign-list-texts.ts'
import { GALLERY_TEXTS } from '../texts/gallery-texts.ts'
import { useText } from '../view.ts'

/** `/campaigns/new`: the examples, an empty campaign, and the import. */
export const GalleryPage = ({ gallery }: { gallery: readonly GalleryEntry[] }) => {
  const texts = useText(NEW_CAMPAIGN_TEXTS)
  const isComplete = ({ file }: GalleryEntry) => /^\d/.test(file)
  return (
    <Page title={texts.title} at="/campaigns">
      <p class="list-summary">{texts.intro}</p>
      <section class="card">
        <h2>{texts.simple}</h2>
        <ul class="gallery">
          <li>
            <a href="/campaigns/new?from=empty">
              <b>{texts.empty}</b>
              <span>{texts.emptyWhat}</span>
            </a>
          </li>
          <li>
            <a href="/campaigns/new?from=import">
              <b>{texts.import}</b>
              <span>{texts.importWhat}</span>
            </a>
          </li>
          {gallery
            .filter((entry) => !isComplete(entry))
            .map((entry) => (
              <ExampleCard entry={entry} />
            ))}
        </ul>
      </section>
      <section class="card">
        <h2>{texts.complete}</h2>
        <ul class="gallery">
          {gallery.filter(isComplete).map((entry) => (
            <ExampleCard entry={entry} />
          ))}
        </ul>
      </section>
    </Page>
  )
}

const ExampleCard = ({ entry }: { entry: GalleryEntry }) => {
  const texts = useText(NEW_CAMPAIGN_TEXTS)
  const { what, shows } = useText(GALLERY_TEXTS)[entry.file]
  return (
    <li>
      <a href={`/campaigns/new?from=${entry.file}`}>
        <b translate="no">{entry.name}</b>
        <span>{what}</span>
        <small>{`${texts.shows}${shows}`}</small>
        <small>{texts.counts(entry.messages, entry.replies)}</small>
      </a>
    </li>
  )
}

/** `/campaigns/new?from=FILE`: name, id and account of the new campaign. */
export const NewCampaignPage = (props: {
  /** The file of the example, or `empty`. */
  from: string
  /** The name in the example; null: an empty campaign. */
  example: string | null
  /** What stands in the fields until somebody types. */
  suggested: { name: string; id: string; account: string }
  accounts: Option[]
  state: FormState
}) => {
  const texts = useText(NEW_CAMPAIGN_TEXTS)
  const { state, suggested } = props
  const accounts = [{ value: '', label: texts.allAccounts }, ...props.accounts]
  return (
    <Page title={texts.title} at="/campaigns">
      <form method="post" action="/campaigns/new" class="card form-card">
        <h2>
          {props.example === null ? texts.fromEmpty : <span translate="no">{texts.from(props.example)}</span>}
        </h2>
        <FormProblem state={state} />
        <input type="hidden" name="from" value={props.from} />
        <TextField
          name="name"
          label={texts.name}
          hint={texts.nameHint}
          state={state}
          value={suggested.name}
          maxlength={100}
          required
        />
        <TextField
          name="id"
          label={texts.id}
          hint={texts.idHint}
          state={state}
          value={suggested.id}
          maxlength={64}
          required
        />
        <SelectField
          name="account"
          label={texts.account}
          state={state}
          value={suggested.account}
          options={accounts}
          required
        />
        <FormEnd submit={texts.create} />
      </form>
    </Page>
  )
}

/** `/campaigns/new?from=import`: a file, or its text. */
export const ImportCampaignPage = ({ state, exists }: { state: FormState; exists: boolean }) => {
  const texts = useText(NEW_CAMPAIGN_TEXTS)
  const problem = state.problems.file
  return (
    <Page title={texts.import} at="/campaigns">
      <form method="post" action="/campaigns/import" enctype="multipart/form-data" class="card form-card">
        <FormProblem state={state} />
        <div class={problem === undefined ? 'field' : 'field wrong'}>
          <label for="f-file">{texts.file}</label>
          <p class="hint" id="h-file">
            {texts.fileHint}
          </p>
          <input
            id="f-file"
            type="file"
            name="file"
            accept=".yaml,.yml,.json,application/yaml,application/json,text/plain"
            aria-describedby={problem === undefined ? 'h-file' : 'h-file p-file'}
          />
          {problem === undefined ? null : (
            <p class="problem" id="p-file">
              {problem}
            </p>
          )}
        </div>
        <TextArea name="source" label={texts.paste} state={state} rows={12} code />
        <TextField
          name="id"
          label={texts.importId}
          hint={texts.importIdHint}
          state={state}
          maxlength={64}
          required={false}
        />
        {exists ? <CheckField name="replace" label={texts.replace} state={state} /> : null}
        <FormEnd submit={texts.create} />
      </form>
    </Page>
  )
}

const FormEnd = ({ submit }: { submit: string }) => {
  const texts = useText(NEW_CAMPAIGN_TEXTS)
  return (
    <div class="dialog-actions">
      <a class="button" href="/campaigns/new">
        {texts.back}
      </a>
      <button type="submit" class="main">
        {submit}
      </button>
    </div>
  )
}
