import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { BodyBudget } from '../api/body/body-budget.ts'
import type { Auth } from '../auth/auth.ts'
import { createSameOrigin } from '../auth/http/same-origin.ts'
import { CHALLENGE_MS } from '../auth/sign-in/browser-session.ts'
import type { CodeResult } from '../auth/sign-in/second-factor.ts'
import type { SignInResult } from '../auth/sign-in/sign-in.ts'
import { boundedForm, readFields } from './form-body.ts'
import { CodePage, EnrolPage, RecoveryCodesPage } from './pages/second-factor-pages.tsx'
import { SignInByLinkPage, SignInPage, type SignInProblem } from './pages/sign-in-pages.tsx'

/** The way in and out; what is routed after it is for those who are signed in, and knows them as `who`. */
export function createSignInRoutes({ auth, bodyBudget }: { auth: Auth; bodyBudget: BodyBudget }): Hono {
  const { signIn, client, cookies } = auth
  const app = new Hono()
  const form = boundedForm({ bodyBudget, client }, 'anonymous')
  app.use(createSameOrigin(auth))

  // For everybody, so it is made once.
  const blankSignInPage = String(<SignInPage problem={null} />)
  app.get('/signin', async (c) => {
    const token = c.req.query('token')
    if (token === undefined) return c.html(blankSignInPage)
    if (!isUserNavigation(c)) return c.html(<SignInByLinkPage token={token} />)
    return answer(c, await signIn.withToken({ token, address: client(c).address }), 'token')
  })
  app.post('/signin', form, async (c) => {
    const field = await readFields(c)
    const { address } = client(c)
    const name = field('name')
    const token = field('token')
    if (token || !name) return answer(c, await signIn.withToken({ token, address }), 'token')
    const found = await signIn.withPassword({ name, password: field('password'), address })
    return answer(c, found, 'password')
  })
  app.route('/', createSecondFactorSignIn(auth, form))
  app.post('/signout', async (c) => {
    await signIn.signOut(getCookie(c, cookies.session))
    clearCookies(c, auth)
    return c.redirect('/signin')
  })
  app.use(async (c, next) => {
    const principal = await signIn.principalOf(getCookie(c, cookies.session))
    if (principal) {
      c.set('principal', principal)
      return next()
    }
    // A part of a page that refreshes itself: the whole page must go.
    if (c.req.header('hx-request')) return c.body(null, 200, { 'hx-redirect': '/signin' })
    return c.redirect('/signin')
  })
  return app

  function answer(c: Context, found: SignInResult, by: 'token' | 'password'): Response | Promise<Response> {
    switch (found.kind) {
      case 'in':
        setSessionCookie(c, auth, found.cookie)
        return c.redirect('/')
      case 'second-factor':
        setAuthCookie(c, auth, cookies.challenge, found.cookie, CHALLENGE_MS / 1000)
        return c.redirect('/signin/second-factor')
      case 'wrong':
        return c.html(<SignInPage problem={{ kind: by }} />, 401)
      case 'wait': {
        const problem = waitProblem(found.ms)
        return c.html(<SignInPage problem={problem} />, 429, { 'retry-after': String(problem.seconds) })
      }
      default:
        return found satisfies never
    }
  }
}

interface ChallengeEnv {
  Variables: { challenge: NonNullable<Awaited<ReturnType<Auth['secondFactor']['pendingChallenge']>>> }
}

/** `/signin/second-factor`: for a browser whose password was right, and for nobody else. */
function createSecondFactorSignIn(auth: Auth, form: MiddlewareHandler): Hono<ChallengeEnv> {
  const { secondFactor, client, cookies } = auth
  const app = new Hono<ChallengeEnv>()
  const path = '/signin/second-factor'

  app.get(path, async (c) => {
    const challenge = await secondFactor.pendingChallenge(getCookie(c, cookies.challenge))
    if (!challenge) return c.redirect('/signin')
    return challenge.needs === 'code'
      ? c.html(<CodePage problem={null} />)
      : c.html(<EnrolPage enrolment={secondFactor.enrolments.create(challenge.user.name)} problem={null} />)
  })
  // Before a byte of the form is read.
  app.post(path, async (c, next) => {
    const challenge = await secondFactor.pendingChallenge(getCookie(c, cookies.challenge))
    if (!challenge) return c.html(<SignInPage problem={{ kind: 'over' }} />, 401)
    c.set('challenge', challenge)
    return next()
  })
  app.post(path, form, async (c) => {
    const challenge = c.var.challenge
    const field = await readFields(c)
    const given = { cookie: getCookie(c, cookies.challenge), code: field('code'), address: client(c).address }
    if (challenge.needs === 'code') {
      const found = await secondFactor.withCode(given)
      return answer(c, found, (problem) => <CodePage problem={problem} />)
    }
    const { name } = challenge.user
    const sealed = field('sealed')
    const same = secondFactor.enrolments.reopen(name, sealed)
    const enrolment = same ?? secondFactor.enrolments.create(name)
    const found = await secondFactor.withEnrolment({ ...given, sealed })
    return answer(c, found, (problem) => {
      const isNew = same === null && problem.kind === 'code'
      return <EnrolPage enrolment={enrolment} problem={isNew ? { kind: 'new-secret' } : problem} />
    })
  })
  return app

  function answer(
    c: Context,
    found: CodeResult,
    renderForm: (problem: SignInProblem) => ReturnType<typeof CodePage>,
  ): Response | Promise<Response> {
    switch (found.kind) {
      case 'in':
        setSessionCookie(c, auth, found.cookie)
        return found.recoveryCodes
          ? c.html(<RecoveryCodesPage codes={found.recoveryCodes} />)
          : c.redirect('/')
      case 'wrong':
        return c.html(renderForm({ kind: 'code' }), 401)
      case 'over':
        return c.html(<SignInPage problem={{ kind: 'over' }} />, 401)
      case 'wait': {
        const problem = waitProblem(found.ms)
        return c.html(renderForm(problem), 429, { 'retry-after': String(problem.seconds) })
      }
      default:
        return found satisfies never
    }
  }
}

export const waitProblem = (ms: number) => ({ kind: 'wait' as const, seconds: Math.ceil(ms / 1000) })

/**
 * Whether a person has opened this address (typed, pasted, from a terminal), or a program that is no browser. Not where
 * another site leads a browser here, or the browser fetches ahead: browsers say so
 * (https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header, https://wicg.github.io/nav-speculation/prefetch.html).
 */
function isUserNavigation(c: Context): boolean {
  const site = c.req.header('sec-fetch-site')
  const isPrefetch = c.req.header('sec-purpose') !== undefined || c.req.header('purpose') !== undefined
  return !isPrefetch && (site === undefined || site === 'none' || site === 'same-origin')
}

function setAuthCookie(c: Context, { client }: Auth, name: string, value: string, maxAge?: number): void {
  setCookie(c, name, value, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    secure: client(c).https,
    ...(maxAge === undefined ? {} : { maxAge }),
  })
}

function setSessionCookie(c: Context, auth: Auth, cookie: string): void {
  clearCookies(c, auth, [auth.cookies.challenge, ...auth.cookies.legacy])
  setAuthCookie(c, auth, auth.cookies.session, cookie)
}

/** Those that the browser has; it drops a `__Host-` one only when told as it was made: with Secure. */
function clearCookies(
  c: Context,
  { cookies, client }: Auth,
  names: readonly string[] = [cookies.session, cookies.challenge, ...cookies.legacy],
): void {
  for (const name of names) {
    if (getCookie(c, name) !== undefined) deleteCookie(c, name, { path: '/', secure: client(c).https })
  }
}
