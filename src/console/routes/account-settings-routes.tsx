import type { Hono } from 'hono'
import { accountView } from '../../api/views/account-view.ts'
import { isSettingsForm, SETTINGS_FORMS } from '../accounts/settings-forms.ts'
import { bothVersions, markOf } from '../both-versions.ts'
import { problemsOf } from '../components/forms.tsx'
import type { PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done } from '../notice.ts'
import { AccountSettingsPage } from '../pages/accounts/account-settings-page.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { respond } from '../respond.tsx'
import { languageOf } from '../shell/preferences.tsx'
import { SETTINGS_TEXTS } from '../texts/account-settings-texts.ts'
import { accountPaths } from './account-page-routes.tsx'

/** The largest body of the call, 256 KiB: percent encoding triples its texts. */
const MAX_FORM_BYTES = 768 * 1024

/** `/accounts/{appId}/settings` and its forms */
export function addAccountSettings(app: Hono, deps: PageDeps): void {
  app.get('/accounts/:appId/settings', async (c) => {
    const found = await deps.accounts.find(c.req.param('appId'))
    if (!found) return respond(c, <NotFoundPage />, 404)
    return respond(c, <AccountSettingsPage account={accountView(found, deps.now())} refused={null} />)
  })
  const saving = {
    path: '/accounts/:appId/settings/:form',
    role: 'operator',
    maxBytes: MAX_FORM_BYTES,
  } as const
  formAction(app, saving, deps, async (c, field) => {
    const { appId, page, api } = accountPaths(c)
    const name = c.req.param('form') ?? ''
    const found = await deps.accounts.find(appId)
    if (!found || !isSettingsForm(name)) return respond(c, <NotFoundPage />, 404)
    const form = SETTINGS_FORMS[name]
    const language = languageOf(c)
    const account = accountView(found, deps.now())
    const values = Object.fromEntries(form.fields.map((key) => [key, field(key)]))
    const refuse = (problems: Record<string, string>, status: 409 | 422 = 422) => {
      const refused = { form: name, state: { values, problems } }
      return respond(c, <AccountSettingsPage account={account} refused={refused} />, status)
    }
    const seen = field('seen')
    const stored = form.stored(account)
    if (seen !== '' && seen !== markOf(stored))
      return refuse(bothVersions(values, stored, { language, submit: SETTINGS_TEXTS[language].save }), 409)
    const patch = form.read(field, found, SETTINGS_TEXTS[language])
    if ('problems' in patch) return refuse(patch.problems)
    const answer = await deps.api.call(c, 'PATCH', api, { json: patch })
    if (answer.status === 422 && answer.error)
      return refuse(problemsOf(answer.error, form.fields, undefined, form.fieldOf))
    if (answer.error) return notDone(c, answer, `${page}/settings`)
    return done(c, `${page}/settings`, 'accountSaved', (answer.body as { name: string }).name)
  })
}
