import { randomUUID } from 'node:crypto'
import type { Context, Hono } from 'hono'
import { checkSource } from '../../api/campaigns/campaign-files.ts'
import { compileCampaign } from '../../campaign/compile.ts'
import { readFile } from '../../campaign/editing/campaign-items.ts'
import type { Issue } from '../../campaign/issue.ts'
import { messageOfStep } from '../../campaign/items.ts'
import type { Campaign } from '../../campaign/model.ts'
import { isLaterPart } from '../../campaign/part-id.ts'
import { listTesters } from '../../store/runs/testers.ts'
import { accountOptions } from '../campaigns/account-options.ts'
import { type OpenCampaign, openCampaign } from '../campaigns/framed-campaign.ts'
import { type FormState, NEW_FORM, type Option, problemsOf } from '../components/forms.tsx'
import { WithMedia } from '../components/step-name.tsx'
import type { PageDeps } from '../console-deps.ts'
import { formAction } from '../form-action.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { TestSendPage, type TestSendResult } from '../pages/test-send-page.tsx'
import { campaignPath } from '../paths.ts'
import { respond } from '../respond.tsx'
import { languageOf } from '../shell/preferences.tsx'
import { readMediaNames } from '../steps/media-names.ts'
import { apiMessageText } from '../texts/errors/api-error-text.ts'
import { TEST_SEND_TEXTS } from '../texts/try-texts.ts'
import { requirePageRole } from './page-role.tsx'

const TESTERS_SHOWN = 20

/** What was chosen, and what came of it. */
interface Shown {
  version: string | undefined
  account: string | undefined
  state: FormState
  result: TestSendResult | null
}

/** `/campaigns/ID/test` */
export function addTestSendPages(app: Hono, deps: PageDeps): void {
  app.get('/campaigns/:id/test', requirePageRole(deps, 'operator'), (c) => {
    const { version, account } = c.req.query()
    return testPage(c, deps, { version, account, state: NEW_FORM, result: null }, 200)
  })
  formAction(app, { path: '/campaigns/:id/test', role: 'operator' }, deps, (c, field) =>
    sendTest(c, deps, field),
  )
}

async function sendTest(c: Context, deps: PageDeps, field: (name: string) => string) {
  const names = ['version', 'account', 'step', 'tester', 'openId', 'reply']
  const values = Object.fromEntries(names.map((name) => [name, field(name).trim()]))
  const { version = '', account = '', step, openId, tester, reply } = values
  const json = {
    appId: account,
    openId: openId || tester,
    step,
    version: version === 'draft' ? 'draft' : 'live',
    ...(reply ? { reply } : {}),
  }
  const headers = { 'idempotency-key': field('key') || randomUUID() }
  const path = `/api${campaignPath(c.req.param('id') ?? '')}/test-send`
  const answer = await deps.api.call(c, 'POST', path, { json, headers })
  if (!answer.error) {
    const result = answer.body as TestSendResult
    return testPage(c, deps, { version, account, state: { values, problems: {} }, result }, 200)
  }
  const { code, issues = [] } = answer.error
  const language = languageOf(c)
  const known = TEST_SEND_TEXTS[language].problems[code]
  const say = (message: string) => apiMessageText(message, language)
  const problems =
    known !== undefined && issues.length === 0 ? { '': known } : problemsOf(answer.error, names, say)
  const status = answer.status === 409 ? 409 : 422
  return testPage(c, deps, { version, account, state: { values, problems }, result: null }, status)
}

async function testPage(c: Context, deps: PageDeps, shown: Shown, status: 200 | 409 | 422) {
  const open = await openCampaign(deps, c.req.param('id') ?? '')
  if (!open) return respond(c, <NotFoundPage />, 404)
  const texts = TEST_SEND_TEXTS[languageOf(c)]
  const versions = versionOptions(open, texts)
  const version = versions.find(({ value }) => value === shown.version)?.value ?? versions[0]?.value ?? 'live'
  const { campaign: model, issues } = await modelOf(deps, open, version)
  const accounts = await accountOptions(deps, model?.accounts ?? null)
  const account = accounts.find(({ value }) => value === shown.account)?.value ?? accounts[0]?.value ?? ''
  const testers = account === '' ? [] : await listTesters(deps.db, account, deps.now(), TESTERS_SHOWN)
  const page = {
    campaign: open.framed,
    versions,
    version,
    accounts,
    account,
    model,
    steps: model ? stepsWithMessages(model) : [],
    issues,
    draft: fieldsOf(open),
    testers,
    key: randomUUID(),
    state: shown.state,
    result: shown.result,
  }
  const media = await readMediaNames(deps.db, [model, page.draft])
  return respond(
    c,
    <WithMedia names={media}>
      <TestSendPage {...page} />
    </WithMedia>,
    status,
  )
}

/** The fields of the draft, with errors or without: they name the steps of its errors. */
export const fieldsOf = ({ draft }: OpenCampaign) => (draft ? readFile(draft.source).fields : null)

/** The draft first: it is what one works on. */
export function versionOptions(
  { framed }: OpenCampaign,
  texts: { draft: string; nth(version: number): string },
): Option[] {
  const { draft, version } = framed
  return [
    ...(draft ? [{ value: 'draft', label: texts.draft }] : []),
    ...(version === null ? [] : [{ value: 'live', label: texts.nth(version) }]),
  ]
}

/** The campaign of the draft or of the newest version, or the errors of the draft. */
export async function modelOf(
  deps: PageDeps,
  { draft, stored }: OpenCampaign,
  version: string,
): Promise<{ campaign: Campaign | null; issues: readonly Issue[] }> {
  if (version !== 'draft' || !draft) return { campaign: stored?.version?.model ?? null, issues: [] }
  const { campaign, issues } = await checkSource(deps, draft.source, { pathId: draft.id })
  return { campaign, issues }
}

/** The steps with messages. The later messages of a step are sent with it. */
function stepsWithMessages(model: Campaign): string[] {
  const ids = compileCampaign(model, 0).steps.map(({ id }) => id)
  return ids.filter((id) => !isLaterPart(id) && messageOfStep(model, id) !== undefined)
}
