import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Access } from '../access/index.ts'
import { createSameOrigin } from '../access/same-origin.ts'
import type { SignedIn } from '../access/sign-in.ts'
import { type ApiDeps, audit } from '../api/kit.ts'
import { SignInPage } from './pages.tsx'

export const SESSION_COOKIE = 'nurture_session'
const FORM_MAX = 16 * 1024

/** The way in and out; what is routed after it is for those who are signed in, and knows them as `who`. */
export function createSignInPages(deps: Pick<ApiDeps, 'db' | 'now'> & { access: Access }): Hono {
  const { signIn, client } = deps.access
  const app = new Hono()
  app.use(createSameOrigin(deps.access))

  app.get('/signin', async (c) => {
    const token = c.req.query('token')
    if (token === undefined) return c.html(<SignInPage trouble={null} />)
    return answer(c, await signIn.withToken({ token, address: client(c).address }), 'token')
  })
  app.post('/signin', bodyLimit({ maxSize: FORM_MAX }), async (c) => {
    const form = await c.req.parseBody()
    const field = (name: string) => (typeof form[name] === 'string' ? form[name] : '')
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
