import { type Context, Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Access } from '../access/index.ts'
import { createSameOrigin } from '../access/same-origin.ts'
import type { SignedIn } from '../access/sign-in.ts'
import type { BodyBudget } from '../api/body-budget.ts'
import { boundedBody } from '../api/bounded-body.ts'
import { ApiError } from '../api/errors.ts'
import { type ApiDeps, audit } from '../api/kit.ts'
import { unstorablePaths } from '../text.ts'
import { SignInPage } from './pages.tsx'

export const SESSION_COOKIE = 'nurture_session'
const FORM_MAX = 16 * 1024
const FORM_TYPE = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\s*(?:;|$)/i

/** The way in and out; what is routed after it is for those who are signed in, and knows them as `who`. */
export function createSignInPages(
  deps: Pick<ApiDeps, 'db' | 'now'> & { access: Access; bodies: BodyBudget },
): Hono {
  const { signIn, client } = deps.access
  const app = new Hono()
  app.use(createSameOrigin(deps.access))

  // For everybody, so it is made once.
  const emptyForm = String(<SignInPage trouble={null} />)
  app.get('/signin', async (c) => {
    const token = c.req.query('token')
    if (token === undefined) return c.html(emptyForm)
    return answer(c, await signIn.withToken({ token, address: client(c).address }), 'token')
  })
  const form = boundedBody({
    budget: deps.bodies,
    share: 'anonymous',
    max: () => FORM_MAX,
    address: (c) => client(c).address,
    tooLarge() {
      throw new ApiError(413, 'too-large', 'The form is over 16 KiB.')
    },
  })
  app.post('/signin', form, async (c) => {
    const fields = await formOf(c)
    const field = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '')
    const { address } = client(c)
    const name = field('name')
    const token = field('token')
    if (token || !name) return answer(c, await signIn.withToken({ token, address }), 'token')
    const found = await signIn.withPassword({ name, password: field('password'), address })
    return answer(c, found, 'password')
  })
  app.post('/signout', async (c) => {
    const cookie = getCookie(c, SESSION_COOKIE)
    const who = await signIn.whose(cookie)
    await signIn.signOut(cookie)
    if (who) {
      c.set('who', who)
      await audit(deps, c, 'session.end', who.actor)
    }
    deleteCookie(c, SESSION_COOKIE, { path: '/' })
    return c.redirect('/signin')
  })
  app.use(async (c, next) => {
    const who = await signIn.whose(getCookie(c, SESSION_COOKIE))
    if (who) {
      c.set('who', who)
      return next()
    }
    // A part of a page that refreshes itself: the whole page must go.
    if (c.req.header('hx-request')) return c.body(null, 200, { 'hx-redirect': '/signin' })
    return c.redirect('/signin')
  })
  return app

  async function formOf(c: Context): Promise<Record<string, unknown>> {
    if (c.req.raw.body === null) return {}
    const type = c.req.header('content-type') ?? ''
    const isMultipart = /^multipart\//i.test(type)
    if (!FORM_TYPE.test(type)) throw new ApiError(415, 'unsupported-type', 'Send the sign-in as a form.')
    const fields = isMultipart
      ? await c.req.parseBody().catch(() => {
          throw new ApiError(400, 'bad-request', 'The form cannot be read.')
        })
      : Object.fromEntries(new URLSearchParams(await c.req.text()))
    if (unstorablePaths(fields).length > 0)
      throw new ApiError(400, 'bad-request', 'The form has half a character, or a NUL.')
    return fields
  }

  async function answer(c: Context, found: SignedIn, by: 'token' | 'password'): Promise<Response> {
    switch (found.kind) {
      case 'in':
        c.set('who', found.who)
        await audit(deps, c, 'session.begin', found.who.actor)
        setCookie(c, SESSION_COOKIE, found.cookie, {
          httpOnly: true,
          sameSite: 'Strict',
          path: '/',
          secure: client(c).https,
        })
        return c.redirect('/')
      case 'wrong':
        return c.html(<SignInPage trouble={{ kind: by }} />, 401)
      case 'wait': {
        const seconds = Math.ceil(found.ms / 1000)
        const headers = { 'retry-after': String(seconds) }
        return c.html(<SignInPage trouble={{ kind: 'wait', seconds }} />, 429, headers)
      }
      default:
        return found satisfies never
    }
  }
}
