import type { Context, Hono } from 'hono'
import { cursor as cursorOf, toPage } from '../../api/routes/route-helpers.ts'
import { listTargetAccounts } from '../../api/views/campaign-account-view.ts'
import { openCampaign } from '../campaigns/framed-campaign.ts'
import { type FormState, NEW_FORM } from '../components/forms.tsx'
import { PAGE_SIZE, type PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done } from '../notice.ts'
import { CampaignAccountsPage } from '../pages/campaign-accounts-page.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { campaignPath } from '../paths.ts'
import { respond } from '../respond.tsx'
import { languageOf } from '../shell/preferences.tsx'
import { apiMessageText } from '../texts/errors/api-error-text.ts'
import { CAMPAIGN_ACCOUNT_TEXTS } from '../texts/try-texts.ts'

/** Of all accounts, those are searched. */
const MAX_SEARCHED = 5_000

/** `/campaigns/ID/accounts` */
export function addCampaignAccountPages(app: Hono, deps: PageDeps): void {
  app.get('/campaigns/:id/accounts', (c) => accountsPage(c, deps, NEW_FORM, [], 200))
  formAction(app, { path: '/campaigns/:id/accounts', role: 'operator' }, deps, async (c, field) => {
    const path = `${campaignPath(c.req.param('id') ?? '')}/accounts`
    const form = await c.req.parseBody({ all: true })
    const add = [form.add].flat().filter((appId) => typeof appId === 'string')
    const remove = field('remove') === '' ? [] : [field('remove')]
    const language = languageOf(c)
    if (add.length + remove.length === 0)
      return accountsPage(c, deps, problem(CAMPAIGN_ACCOUNT_TEXTS[language].nothing), [], 422)
    const json = { add, remove, force: field('force') !== '' }
    const headers = { 'if-match': `"${field('version')}"` }
    const answer = await deps.api.call(c, 'POST', `/api${path}`, { json, headers })
    if (answer.status === 422) {
      const { message = '', issues = [] } = answer.error ?? {}
      const said = issues.map((issue) => apiMessageText(issue.message, language)).join(' ')
      return accountsPage(c, deps, problem(said || apiMessageText(message, language)), add, 422)
    }
    // The page shows the accounts as they are now, with what was ticked.
    if (answer.error?.code === 'conflict')
      return accountsPage(c, deps, problem(answer.error.message), add, 409)
    if (answer.error) return notDone(c, answer, path)
    return done(c, path, 'accountsChanged', (answer.body as { version: number }).version)
  })
}

const problem = (text: string): FormState => ({ values: {}, problems: { '': text } })

async function accountsPage(
  c: Context,
  deps: PageDeps,
  state: FormState,
  chosen: readonly string[],
  status: 200 | 409 | 422,
) {
  const open = await openCampaign(deps, c.req.param('id') ?? '')
  const model = open?.stored?.version?.model
  if (!open || !model) return respond(c, <NotFoundPage />, 404)
  const after = cursorOf.read(c.req.query('cursor'))
  const all = await listTargetAccounts(deps, model, { after, limit: PAGE_SIZE + 1 })
  const targets = toPage(all, PAGE_SIZE, ({ appId }) => appId)
  const find = (c.req.query('find') ?? '').trim().slice(0, 100)
  const found = model.accounts ? await otherAccounts(deps, model.accounts, find) : []
  const shown = found.slice(0, PAGE_SIZE)
  const others = shown.length === 0 ? [] : await listTargetAccounts(deps, { ...model, accounts: shown })
  const page = {
    campaign: open.framed,
    targets,
    isNamed: model.accounts !== undefined,
    others,
    hasMore: found.length > shown.length,
    find,
    state,
    chosen,
  }
  return respond(c, <CampaignAccountsPage {...page} />, status)
}

/** The appIds of accounts without the campaign whose name or appId has a text. */
async function otherAccounts(deps: PageDeps, has: readonly string[], find: string): Promise<string[]> {
  const text = find.toLowerCase()
  const all = await deps.accounts.list({ limit: MAX_SEARCHED })
  return all
    .filter(({ appId, name }) => !has.includes(appId) && `${appId}\n${name}`.toLowerCase().includes(text))
    .map(({ appId }) => appId)
}
