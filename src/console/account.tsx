import { type Context, Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Access } from '../access/index.ts'
import { ADMIN_TOKEN_ACTOR } from '../access/who.ts'
import type { BodyBudget } from '../api/body-budget.ts'
import { formBody, readFields } from './forms.ts'
import type { Frame } from './layout.tsx'
import { MissingPage, type SignInTrouble } from './pages.tsx'
import { RecoveryCodesPage, SecondFactorPage } from './second-factor-pages.tsx'
import { waitOf } from './sign-in.tsx'

/** `/account/second-factor`: what people change of themselves. The holder of the admin token is no person. */
export function createAccountPages(
  { access, bodies }: { access: Access; bodies: BodyBudget },
  frame: (c: Context) => Frame,
): Hono {
  const { secondStep, client, cookies, requireSecondFactor } = access
  const app = new Hono()
  const form = formBody({ bodies, client }, 'signed-in')
  const path = '/account/second-factor'

  app.use(`${path}/*`, async (c, next) => {
    if (c.get('who').actor === ADMIN_TOKEN_ACTOR) return c.html(<MissingPage links={frame(c)} />, 404)
    return next()
  })
  const page = async (
    c: Context,
    trouble: SignInTrouble | null,
    status: 200 | 422 | 429 = 200,
    sealed = '',
  ): Promise<Response> => {
    const { actor } = c.get('who')
    const since = await secondStep.since(actor)
    const enrolment =
      since === null ? (secondStep.sameEnrolment(actor, sealed) ?? secondStep.newEnrolment(actor)) : null
    const headers: Record<string, string> =
      trouble?.kind === 'wait' ? { 'retry-after': String(trouble.seconds) } : {}
    const html = (
      <SecondFactorPage
        since={since}
        required={requireSecondFactor}
        enrolment={enrolment}
        trouble={trouble}
        links={frame(c)}
      />
    )
    return c.html(html, status, headers)
  }

  app.get(path, (c) => page(c, null))
  app.post(path, form, async (c) => {
    const field = await readFields(c)
    const sealed = field('sealed')
    const session = getCookie(c, cookies.session) ?? ''
    const { actor } = c.get('who')
    const given = { sealed, code: field('code'), session, address: client(c).address }
    const done = await secondStep.set(actor, given)
    if (done.kind === 'wait') return page(c, waitOf(done.ms), 429, sealed)
    if (done.kind === 'wrong') {
      const isOld = secondStep.sameEnrolment(actor, sealed) === null
      return page(c, { kind: isOld ? 'new-secret' : 'code' }, 422, sealed)
    }
    if (done.kind === 'is-set') return c.redirect(path)
    return c.html(<RecoveryCodesPage codes={done.recoveryCodes} />)
  })
  app.post(`${path}/remove`, form, async (c) => {
    if (requireSecondFactor) return page(c, null)
    const field = await readFields(c)
    const { actor } = c.get('who')
    const done = await secondStep.remove(actor, { code: field('code'), address: client(c).address })
    if (done.kind === 'wait') return page(c, waitOf(done.ms), 429)
    if (done.kind === 'wrong') return page(c, { kind: 'code' }, 422)
    return c.redirect(path)
  })
  return app
}
