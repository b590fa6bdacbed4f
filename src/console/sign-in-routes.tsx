import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import type { BodyBudget } from '../api/body/body-budget.ts'
import { SCRIPT_HEADER } from '../api/session-api.ts'
import type { Auth } from '../auth/auth.ts'
import { createSameOrigin } from '../auth/http/same-origin.ts'
import { CHALLENGE_MS } from '../auth/sign-in/browser-session.ts'
import type { CodeResult } from '../auth/sign-in/second-factor.ts'
import type { SignInResult } from '../auth/sign-in/sign-in.ts'
import { deleteAuthCookie, setAuthCookie } from './auth-cookies.ts'
import { boundedForm, readFields } from './form-body.ts'
import { CodePage, EnrolPage, RecoveryCodesPage } from './pages/second-factor-pages.tsx'
import { SignInByLinkPage, SignInPage, type SignInProblem } from './pages/sign-in-pages.tsx'
import { respond as page } from './respond.tsx'
import { keepReturnPath, takeReturnPath } from './return-path.ts'
import { createPreferenceRoutes, languageOf, themeOf } from './shell/preferences.tsx'
import { SIGN_IN_TEXTS } from './texts/sign-in-texts.ts'

const SECOND_FACTOR_PATH = '/signin/second-factor'

/** Sign-in and sign-out. Routes added after these require a session, and find its user in `principal`. */
export function createSignInRoutes({ auth, bodyBudget }: { auth: Auth; bodyBudget: BodyBudget }): Hono {
  const { signIn, secondFactor, client, cookies } = auth
  const app = new Hono()
  const form = boundedForm({ bodyBudget, client }, 'anonymous')
  app.use(createSameOrigin(auth))
  app.route('/', createPreferenceRoutes(auth))

  // Anonymous clients request this page, so it is rendered once for each appearance.
  const blankPages = new Map<string, string>()
  const blankSignInPage = async (c: Context) => {
    const appearance = `${languageOf(c)} ${themeOf(c)}`
    const known = blankPages.get(appearance)
    if (known !== undefined) return c.html(known)
    const html = await (await page(c, <SignInPage problem={null} />)).text()
    blankPages.set(appearance, html)
    return c.html(html)
  }
  app.get('/signin', async (c) => {
    const token = c.req.query('token')
    if (token === undefined) return blankSignInPage(c)
    if (!isUserNavigation(c)) return page(c, <SignInByLinkPage token={token} />)
    return respond(c, await signIn.withToken({ token, address: client(c).address }), 'token')
  })
  app.post('/signin', form, async (c) => {
    const field = await readFields(c)
    const { address } = client(c)
    const name = field('name')
    const token = field('token')
    if (token || !name) return respond(c, await signIn.withToken({ token, address }), 'token')
    const result = await signIn.withPassword({ name, password: field('password'), address })
    return respond(c, result, 'password', name)
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
    // A script would follow the redirect, and take the sign-in page for its answer.
    if (c.req.header(SCRIPT_HEADER) !== undefined) {
      const message = SIGN_IN_TEXTS[languageOf(c)].signedOut
      return c.json({ error: { code: 'unauthorised', message } }, 401)
    }
    // htmx would insert the sign-in page into the fragment that it refreshes.
    keepReturnPath(c, auth)
    if (c.req.header('hx-request')) return c.body(null, 200, { 'hx-redirect': '/signin' })
    const challenge = await secondFactor.pendingChallenge(getCookie(c, cookies.challenge))
    return c.redirect(challenge ? SECOND_FACTOR_PATH : '/signin')
  })
  return app

  function respond(
    c: Context,
    result: SignInResult,
    method: 'token' | 'password',
    name = '',
  ): Response | Promise<Response> {
    switch (result.kind) {
      case 'in':
        setSessionCookie(c, auth, result.cookie)
        return c.redirect(takeReturnPath(c, auth))
      case 'second-factor':
        setAuthCookie(c, auth, cookies.challenge, result.cookie, CHALLENGE_MS / 1000)
        return c.redirect(SECOND_FACTOR_PATH)
      case 'wrong':
        return page(c, <SignInPage problem={{ kind: method }} name={name} />, 401)
      case 'wait': {
        const problem = waitProblem(result.ms)
        return page(c, <SignInPage problem={problem} name={name} />, 429, {
          'retry-after': String(problem.seconds),
        })
      }
      default:
        return result satisfies never
    }
  }
}

interface ChallengeEnv {
  Variables: { challenge: NonNullable<Awaited<ReturnType<Auth['secondFactor']['pendingChallenge']>>> }
}

/** Completes a sign-in whose password was correct. Other browsers are sent to the sign-in page. */
function createSecondFactorSignIn(auth: Auth, form: MiddlewareHandler): Hono<ChallengeEnv> {
  const { secondFactor, client, cookies } = auth
  const app = new Hono<ChallengeEnv>()
  app.get(SECOND_FACTOR_PATH, async (c) => {
    const challenge = await secondFactor.pendingChallenge(getCookie(c, cookies.challenge))
    if (!challenge) return c.redirect('/signin')
    return challenge.needs === 'code'
      ? page(c, <CodePage problem={null} />)
      : page(c, <EnrolPage enrolment={secondFactor.enrolments.create(challenge.user.name)} problem={null} />)
  })
  // Runs before the form is read, so that other browsers cannot send a body.
  app.post(SECOND_FACTOR_PATH, async (c, next) => {
    const challenge = await secondFactor.pendingChallenge(getCookie(c, cookies.challenge))
    if (!challenge) return page(c, <SignInPage problem={{ kind: 'over' }} />, 401)
    c.set('challenge', challenge)
    return next()
  })
  app.post(SECOND_FACTOR_PATH, form, async (c) => {
    const challenge = c.var.challenge
    const field = await readFields(c)
    const submitted = {
      cookie: getCookie(c, cookies.challenge),
      code: field('code'),
      address: client(c).address,
    }
    if (challenge.needs === 'code') {
      const result = await secondFactor.withCode(submitted)
      return respond(c, result, (problem) => <CodePage problem={problem} />)
    }
    const { name } = challenge.user
    const sealed = field('sealed')
    const pending = secondFactor.enrolments.reopen(name, sealed)
    const enrolment = pending ?? secondFactor.enrolments.create(name)
    const result = await secondFactor.withEnrolment({ ...submitted, sealed })
    return respond(c, result, (problem) => {
      const hasExpired = pending === null && problem.kind === 'code'
      return <EnrolPage enrolment={enrolment} problem={hasExpired ? { kind: 'new-secret' } : problem} />
    })
  })
  return app

  function respond(
    c: Context,
    result: CodeResult,
    renderForm: (problem: SignInProblem) => ReturnType<typeof CodePage>,
  ): Response | Promise<Response> {
    switch (result.kind) {
      case 'in':
        setSessionCookie(c, auth, result.cookie)
        return result.recoveryCodes
          ? page(c, <RecoveryCodesPage codes={result.recoveryCodes} />)
          : c.redirect(takeReturnPath(c, auth))
      case 'wrong':
        return page(c, renderForm({ kind: 'code' }), 401)
      case 'over':
        return page(c, <SignInPage problem={{ kind: 'over' }} />, 401)
      case 'wait': {
        const problem = waitProblem(result.ms)
        return page(c, renderForm(problem), 429, { 'retry-after': String(problem.seconds) })
      }
      default:
        return result satisfies never
    }
  }
}

/** Seconds are rounded up: an earlier attempt would be refused again. */
export const waitProblem = (ms: number) => ({ kind: 'wait' as const, seconds: Math.ceil(ms / 1000) })

/**
 * Whether a user opened this address (typed, pasted, from a terminal), or a program that is not a browser. False if another
 * site sent the browser here, or if the browser prefetches the page. Browsers report both in headers
 * (https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header, https://wicg.github.io/nav-speculation/prefetch.html).
 */
function isUserNavigation(c: Context): boolean {
  const site = c.req.header('sec-fetch-site')
  const isPrefetch = c.req.header('sec-purpose') !== undefined || c.req.header('purpose') !== undefined
  return !isPrefetch && (site === undefined || site === 'none' || site === 'same-origin')
}

function setSessionCookie(c: Context, auth: Auth, cookie: string): void {
  clearCookies(c, auth, [auth.cookies.challenge, ...auth.cookies.legacy])
  setAuthCookie(c, auth, auth.cookies.session, cookie)
}

/** Deletes the cookies that the browser sent. */
function clearCookies(
  c: Context,
  auth: Auth,
  names: readonly string[] = [auth.cookies.session, auth.cookies.challenge, ...auth.cookies.legacy],
): void {
  for (const name of names) {
    if (getCookie(c, name) !== undefined) deleteAuthCookie(c, auth, name)
  }
}
