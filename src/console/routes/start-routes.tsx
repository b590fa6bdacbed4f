import type { Context, Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { hasRole } from '../../auth/roles.ts'
import { type FirstSteps, readFirstSteps } from '../../store/settings/first-steps.ts'
import type { PageDeps } from '../console-deps.ts'
import { formAction } from '../form-action.tsx'
import { StartPage, StartSteps, stepsDone } from '../pages/start-page.tsx'
import { respond } from '../respond.tsx'
import { requirePageRole } from './page-role.tsx'

const SKIPPED_COOKIE = 'nurture_start_skipped'
const ONE_YEAR_S = 365 * 24 * 3600

/** `/start`: the first run */
export function addStartPages(app: Hono, deps: PageDeps): void {
  const { db } = deps
  const operator = requirePageRole(deps, 'operator')
  app.get('/start', operator, async (c) => respond(c, <StartPage steps={await readFirstSteps(db)} />))
  app.get('/start/steps', operator, async (c) => respond(c, <StartSteps steps={await readFirstSteps(db)} />))
  formAction(app, { path: '/start/skip', role: 'operator' }, deps, (c) => {
    const secure = deps.auth.client(c).https
    setCookie(c, SKIPPED_COOKIE, 'yes', {
      path: '/',
      maxAge: ONE_YEAR_S,
      sameSite: 'Lax',
      httpOnly: true,
      secure,
    })
    return c.redirect('/', 303)
  })
}

/** The first steps, for a reader who may do them and has not skipped them; null: nothing is to be shown. */
export async function openFirstSteps(c: Context, { db }: Pick<PageDeps, 'db'>): Promise<FirstSteps | null> {
  if (!hasRole(c.get('principal').role, 'operator') || getCookie(c, SKIPPED_COOKIE) !== undefined) return null
  const steps = await readFirstSteps(db)
  return steps.connected && stepsDone(steps) === 3 ? null : steps
}

/** True for an empty product: nothing was tried, written or connected. */
export const isFirstRun = (steps: FirstSteps | null): boolean => steps !== null && stepsDone(steps) === 0
