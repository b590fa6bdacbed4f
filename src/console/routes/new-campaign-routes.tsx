import type { Context, Hono } from 'hono'
import { FILE_MAX_CHARS } from '../../campaign/check.ts'
import { headText, withHead } from '../../campaign/edit-head.ts'
import { readUtf8 } from '../../shared/utf8.ts'
import { accountOptions } from '../campaigns/account-options.ts'
import { readGallery, sourceOfExample } from '../campaigns/gallery.ts'
import { isReservedId, suggestId } from '../campaigns/new-id.ts'
import { type FormState, NEW_FORM, problemsOf } from '../components/forms.tsx'
import type { PageDeps } from '../console-deps.ts'
import { formAction } from '../form-action.tsx'
import { done } from '../notice.ts'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { GalleryPage, ImportCampaignPage, NewCampaignPage } from '../pages/new-campaign-page.tsx'
import { campaignPath } from '../paths.ts'
import { respond } from '../respond.tsx'
import { languageOf } from '../shell/preferences.tsx'
import { NEW_CAMPAIGN_TEXTS } from '../texts/campaign-list-texts.ts'
import { apiMessageText } from '../texts/errors/api-error-text.ts'
import { requirePageRole } from './page-role.tsx'

/** The text of the largest file in a form, with its encoding. */
const MAX_IMPORT_BYTES = 1024 * 1024

/** `/campaigns/new`, `/campaigns/import` */
export function addNewCampaignPages(app: Hono, deps: PageDeps): void {
  const operator = { role: 'operator' } as const
  app.get('/campaigns/new', requirePageRole(deps, 'operator'), async (c) => {
    const from = c.req.query('from')
    if (from === undefined) return respond(c, <GalleryPage gallery={readGallery()} />)
    if (from === 'import') return respond(c, <ImportCampaignPage state={NEW_FORM} exists={false} />)
    return newCampaignPage(c, deps, from, NEW_FORM)
  })
  formAction(app, { path: '/campaigns/new', ...operator }, deps, (c, field) =>
    createFromExample(c, deps, field),
  )
  const maxBytes = MAX_IMPORT_BYTES
  formAction(app, { path: '/campaigns/import', ...operator, maxBytes }, deps, (c, field) =>
    importFile(c, deps, field),
  )
}

async function newCampaignPage(c: Context, deps: PageDeps, from: string, state: FormState) {
  const source = sourceOfExample(from)
  if (source === null) return respond(c, <NotFoundPage />, 404)
  const example = readGallery().find(({ file }) => file === from) ?? null
  const [accounts, taken] = await Promise.all([accountOptions(deps, null), takenIds(deps)])
  const name = headText(source, 'name') ?? ''
  const suggested = {
    name,
    id: suggestId('', headText(source, 'id') ?? '', taken),
    account: accounts[0]?.value ?? '',
  }
  const isRefused = Object.keys(state.problems).length > 0
  return respond(
    c,
    <NewCampaignPage
      from={from}
      example={example?.name ?? null}
      suggested={suggested}
      accounts={accounts}
      state={state}
    />,
    isRefused ? 422 : 200,
  )
}

async function createFromExample(c: Context, deps: PageDeps, field: (name: string) => string) {
  const texts = NEW_CAMPAIGN_TEXTS[languageOf(c)]
  const from = field('from')
  const values = { name: field('name').trim(), id: field('id').trim(), account: field('account') }
  const refuse = (problems: FormState['problems']) => newCampaignPage(c, deps, from, { values, problems })
  const example = sourceOfExample(from)
  if (example === null) return respond(c, <NotFoundPage />, 404)
  if (values.name === '') return refuse({ name: texts.nameNeeded })
  const taken = await takenIds(deps)
  const id = values.id === '' ? suggestId(values.name, headText(example, 'id') ?? '', taken) : values.id
  if (isReservedId(id)) return refuse({ id: texts.reserved })
  if (taken.has(id)) return refuse({ id: texts.taken(id, suggestId('', id, taken)) })
  const accounts = values.account === '' ? null : [values.account]
  const source = withHead(example, { id, name: values.name, accounts })
  if (source === null) return refuse({ '': texts.notEditable })
  const problems = await saveNewDraft(c, deps, id, source, { 'if-none-match': '*' })
  return problems ? refuse(problems) : leadToEditor(c, id, values.name)
}

async function importFile(c: Context, deps: PageDeps, field: (name: string) => string) {
  const texts = NEW_CAMPAIGN_TEXTS[languageOf(c)]
  const file = (await c.req.parseBody()).file
  const uploaded =
    file instanceof File && file.size > 0 ? readUtf8(await bytesOf(file), { show: true }) : null
  const source = uploaded?.ok ? uploaded.text : field('source')
  const values = { source, id: field('id').trim(), replace: field('replace') }
  const refuse = (problems: FormState['problems'], exists = false) =>
    respond(c, <ImportCampaignPage state={{ values, problems }} exists={exists} />, 422)
  if (uploaded?.ok === false) return refuse({ file: apiMessageText(uploaded.message, languageOf(c)) })
  if (source.trim() === '') return refuse({ file: texts.nothing })
  if (source.length > FILE_MAX_CHARS) return refuse({ file: texts.tooLarge })
  const id = values.id === '' ? headText(source, 'id') : values.id
  if (id === null) return refuse({ id: texts.noId })
  if (isReservedId(id)) return refuse({ id: texts.reserved })
  const draft = await deps.drafts.find(id)
  if (draft && values.replace === '') return refuse({ id: texts.exists(id) }, true)
  const expected: Record<string, string> = draft
    ? { 'if-match': `"${draft.revision}"` }
    : { 'if-none-match': '*' }
  const name = headText(source, 'name')
  const own = values.id === '' ? source : (withHead(source, { id, name: name ?? id }) ?? source)
  const problems = await saveNewDraft(c, deps, id, own, expected)
  return problems ? refuse(problems) : leadToEditor(c, id, name ?? id)
}

const bytesOf = async (file: File) => new Uint8Array(await file.arrayBuffer())

/** Saves a draft. @returns what is wrong, by field; null: it is saved */
async function saveNewDraft(
  c: Context,
  deps: PageDeps,
  id: string,
  source: string,
  expected: Record<string, string>,
): Promise<FormState['problems'] | null> {
  const headers = { 'content-type': 'application/yaml', ...expected }
  const path = `/api${campaignPath(id)}/draft`
  const { error } = await deps.api.call(c, 'PUT', path, { body: source, headers })
  if (!error) return null
  const say = (message: string) => apiMessageText(message, languageOf(c))
  return problemsOf(error, ['id', 'name', 'file'], say, (field) => (field === '' ? 'file' : field))
}

const leadToEditor = (c: Context, id: string, name: string) =>
  done(c, `${campaignPath(id)}/edit`, 'draftMade', name)

/** The ids of all campaigns and drafts. */
async function takenIds(deps: PageDeps): Promise<Set<string>> {
  const [stored, drafts] = await Promise.all([
    deps.campaigns.list({ limit: MAX_IDS, states: ['live', 'paused', 'retired', 'deleted'] }),
    deps.drafts.list({ limit: MAX_IDS }),
  ])
  return new Set([...stored.map(({ row }) => row.id), ...drafts.map(({ id }) => id)])
}
const MAX_IDS = 10_000
