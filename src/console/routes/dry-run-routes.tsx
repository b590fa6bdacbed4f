import type { Context, Hono } from 'hono'
import type { Issue } from '../../campaign/issue.ts'
import { timeInBeijing } from '../../shared/beijing-time.ts'
import { DAY_MS } from '../../shared/time-units.ts'
import { accountOptions } from '../campaigns/account-options.ts'
import { openCampaign } from '../campaigns/framed-campaign.ts'
import { type FormState, NEW_FORM, problemsOf } from '../components/forms.tsx'
import { WithMedia } from '../components/step-name.tsx'
import type { PageDeps } from '../console-deps.ts'
import { formAction } from '../form-action.tsx'
import { DryRunPage, type DryRunResult } from '../pages/dry-run-page.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { respond } from '../respond.tsx'
import { languageOf } from '../shell/preferences.tsx'
import { readMediaNames } from '../steps/media-names.ts'
import { apiMessageText } from '../texts/errors/api-error-text.ts'
import { DRY_RUN_TEXTS } from '../texts/try-texts.ts'
import { requirePageRole } from './page-role.tsx'
import { fieldsOf, modelOf, versionOptions } from './test-send-routes.tsx'

const FIELDS = ['version', 'account', 'from', 'to']

/** `/campaigns/ID/dry-run` */
export function addDryRunPages(app: Hono, deps: PageDeps): void {
  app.get('/campaigns/:id/dry-run', requirePageRole(deps, 'operator'), (c) =>
    dryRunPage(c, deps, { state: NEW_FORM, result: null, issues: [] }, 200),
  )
  formAction(app, { path: '/campaigns/:id/dry-run', role: 'operator' }, deps, (c, field) =>
    playCampaign(c, deps, field),
  )
}

async function playCampaign(c: Context, deps: PageDeps, field: (name: string) => string) {
  const id = c.req.param('id') ?? ''
  const language = languageOf(c)
  const texts = DRY_RUN_TEXTS[language]
  const values = Object.fromEntries(FIELDS.map((name) => [name, field(name)]))
  const refuse = (problems: FormState['problems'], issues: readonly Issue[] = []) =>
    dryRunPage(c, deps, { state: { values, problems }, result: null, issues }, 422)
  const [from, to] = [timeOf(values.from), timeOf(values.to)]
  if (from === null || to === null) return refuse({ [from === null ? 'from' : 'to']: texts.badTime })
  const draft = values.version === 'draft' ? await deps.drafts.find(id) : null
  const json = { campaign: draft?.source ?? id, account: values.account, from, to }
  // A person who stops it closes the connection.
  const { signal } = c.req.raw
  const answer = await deps.api.call(c, 'POST', '/api/campaigns/dry-run', { json, signal })
  if (answer.status === 429) return refuse({ '': texts.busy })
  if (answer.error) {
    // Errors of the draft have lines; the others are about the form.
    const issues = (answer.error.issues ?? []) as Issue[]
    const ofDraft = issues.filter(({ line }) => line !== undefined)
    if (ofDraft.length > 0) return refuse({ '': texts.broken }, ofDraft)
    return refuse(problemsOf(answer.error, FIELDS, (message) => apiMessageText(message, language)))
  }
  const result = answer.body as DryRunResult
  return dryRunPage(c, deps, { state: { values, problems: {} }, result, issues: [] }, 200)
}

interface Shown {
  state: FormState
  result: DryRunResult | null
  issues: readonly Issue[]
}

async function dryRunPage(c: Context, deps: PageDeps, shown: Shown, status: 200 | 422) {
  const open = await openCampaign(deps, c.req.param('id') ?? '')
  if (!open) return respond(c, <NotFoundPage />, 404)
  const versions = versionOptions(open, DRY_RUN_TEXTS[languageOf(c)])
  const chosen = shown.state.values.version ?? versions[0]?.value ?? 'live'
  const { campaign } = await modelOf(deps, open, chosen)
  const accounts = await accountOptions(deps, campaign?.accounts ?? null)
  const now = deps.now()
  const period = { from: fieldOf(now - DAY_MS), to: fieldOf(now) }
  // What really happened may be of the live version.
  const models = [campaign, open.stored?.version?.model ?? null]
  const draft = fieldsOf(open)
  const page = { campaign: open.framed, models, draft, versions, accounts, period, ...shown }
  const media = await readMediaNames(deps.db, [...models, draft])
  return respond(
    c,
    <WithMedia names={media}>
      <DryRunPage {...page} />
    </WithMedia>,
    status,
  )
}

/** `2026-11-30T08:00` in Beijing. */
const fieldOf = (at: number) => timeInBeijing(at).slice(0, 16).replace(' ', 'T')

/** A field's time as the operator API has it; null: it is none. */
function timeOf(field: string | undefined): string | null {
  const text = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.exec(field ?? '')
  if (!text) return null
  const time = `${text[0]}${text[1] === undefined ? ':00' : ''}+08:00`
  return Number.isNaN(Date.parse(time)) ? null : time
}
