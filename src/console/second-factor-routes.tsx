import { type Context, Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import type { BodyBudget } from '../api/body/body-budget.ts'
import { ADMIN_TOKEN_ACTOR } from '../auth/actors.ts'
import type { Auth } from '../auth/auth.ts'
import { boundedForm, readFields } from './form-body.ts'
import { NotFoundPage } from './pages/error-pages.tsx'
import { RecoveryCodesPage, SecondFactorPage } from './pages/second-factor-pages.tsx'
import type { SignInProblem } from './pages/sign-in-pages.tsx'
import { respond } from './respond.tsx'
import { waitProblem } from './sign-in-routes.tsx'

/** `/account/second-factor`: users enable and disable their own second factor. The admin token has none. */
export function createSecondFactorRoutes({ auth, bodyBudget }: { auth: Auth; bodyBudget: BodyBudget }): Hono {
  const { secondFactor, client, cookies, requireSecondFactor } = auth
  const app = new Hono()
  const form = boundedForm({ bodyBudget, client }, 'signed-in')
  const path = '/account/second-factor'

  app.use(`${path}/*`, async (c, next) => {
    if (c.get('principal').actor === ADMIN_TOKEN_ACTOR) return respond(c, <NotFoundPage />, 404)
    return next()
  })
  const page = async (
    c: Context,
    problem: SignInProblem | null,
    status: 200 | 422 | 429 = 200,
    sealed = '',
  ): Promise<Response> => {
    const { actor } = c.get('principal')
    const since = await secondFactor.enabledSince(actor)
    const enrolment =
      since === null
        ? (secondFactor.enrolments.reopen(actor, sealed) ?? secondFactor.enrolments.create(actor))
        : null
    const headers: Record<string, string> =
      problem?.kind === 'wait' ? { 'retry-after': String(problem.seconds) } : {}
    const html = (
      <SecondFactorPage
        since={since}
        required={requireSecondFactor}
        enrolment={enrolment}
        problem={problem}
      />
    )
    return respond(c, html, status, headers)
  }

  app.get(path, (c) => page(c, null))
  app.post(path, form, async (c) => {
    const field = await readFields(c)
    const sealed = field('sealed')
    const session = getCookie(c, cookies.session) ?? ''
    const { actor } = c.get('principal')
    const given = { sealed, code: field('code'), session, address: client(c).address }
    const done = await secondFactor.enable(actor, given)
    if (done.kind === 'wait') return page(c, waitProblem(done.ms), 429, sealed)
    if (done.kind === 'wrong') {
      const hasExpired = secondFactor.enrolments.reopen(actor, sealed) === null
      return page(c, { kind: hasExpired ? 'new-secret' : 'code' }, 422, sealed)
    }
    if (done.kind === 'is-set') return c.redirect(path)
    return respond(c, <RecoveryCodesPage codes={done.recoveryCodes} />)
  })
  app.post(`${path}/remove`, form, async (c) => {
    if (requireSecondFactor) return page(c, null)
    const field = await readFields(c)
    const { actor } = c.get('principal')
    const done = await secondFactor.disable(actor, { code: field('code'), address: client(c).address })
    if (done.kind === 'wait') return page(c, waitProblem(done.ms), 429)
    if (done.kind === 'wrong') return page(c, { kind: 'code' }, 422)
    return c.redirect(path)
  })
  return app
}
