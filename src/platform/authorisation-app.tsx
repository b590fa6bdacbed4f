import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { type AttemptLimiter, createAttemptLimiter } from '../auth/attempt-limiter.ts'
import type { ClientReader } from '../auth/http/client-address.ts'
import { callbackPath } from '../callback/callback-path.ts'
import type { Log } from '../shared/log.ts'
import { SECOND_MS } from '../shared/time-units.ts'
import { authorisationKey } from './authorisation-links.ts'
import { AuthorisedPage, ProblemPage } from './authorisation-pages.tsx'
import { PlatformError } from './platform-error.ts'
import type { PlatformService } from './platform-service.ts'

/**
 * Each start costs a row and a call to WeChat, which limits calls per day. The burst of an address allows a class of owners behind
 * one router.
 */
const STARTS_PER_ADDRESS = { burst: 40, everyMs: 15 * SECOND_MS }
const STARTS_IN_TOTAL = { burst: 200, everyMs: SECOND_MS }
/** Returns with a genuine state from one address, reloaded pages included. */
const RETURNS_PER_ADDRESS = { burst: 60, everyMs: 2 * SECOND_MS }
const ALL_ADDRESSES = 'everybody'
/**
 * WeChat's codes are `queryauthcode@@@` and 86 letters, digits, `-` and `_`, by the logs of public programs. WeChat does not
 * document the format, so other characters and lengths are accepted too.
 */
const CODE_FORMAT = /^[\w@.=~+/-]{1,512}$/

export interface AuthorisationDeps {
  platform: PlatformService
  now(): number
  log: Log
  nameOf(appId: string): Promise<string | null>
  /** The simulated phone of an account; null for an account at WeChat. */
  phoneUrl(appId: string): string | null
  /** Reads the client's address, which the rate limits count by. */
  client: ClientReader
}

/**
 * Redirects owners to WeChat's authorisation page and receives them back. The pages are public and rate-limited by address. A
 * return needs a state that this platform issued, and each state accepts one code.
 */
export function createAuthorisationApp(deps: AuthorisationDeps): Hono {
  const { platform, now, log } = deps
  const app = new Hono({ getPath: callbackPath })
  /** WeChat's authorisation page checks the referrer: it must be opened from the registered domain of the platform. */
  const page: MiddlewareHandler = async (c, next) => {
    await next()
    c.header('referrer-policy', 'origin')
  }
  const startsInTotal = createAttemptLimiter({ ...STARTS_IN_TOTAL, now })
  const startsPerAddress = createAttemptLimiter({ ...STARTS_PER_ADDRESS, now })
  const returnsPerAddress = createAttemptLimiter({ ...RETURNS_PER_ADDRESS, now })
  /** Counts an attempt of the client. @returns a page when there were too many, else null */
  const limitRate = (
    c: Context,
    limiter: AttemptLimiter,
    totalLimiter?: AttemptLimiter,
  ): Response | Promise<Response> | null => {
    const { address } = deps.client(c)
    if (address === null) return null
    const ms = Math.max(limiter.waitMs(address), totalLimiter?.waitMs(ALL_ADDRESSES) ?? 0)
    if (ms > 0) return busyPage(c, ms)
    limiter.consume(address)
    totalLimiter?.consume(ALL_ADDRESSES)
    return null
  }

  app.get('/wechat/component/authorize', page, async (c) => {
    const tooMany = limitRate(c, startsPerAddress, startsInTotal)
    if (tooMany) return tooMany
    try {
      return c.redirect(await platform.startAuthorisation(c.req.query('device') === 'phone' ? 'phone' : 'pc'))
    } catch (err) {
      return unavailablePage(c, log, err)
    }
  })

  app.get('/wechat/component/authorized', page, async (c) => {
    const { auth_code: code = '', state = '' } = c.req.query()
    if (!CODE_FORMAT.test(code) || !platform.isOwnState(state)) return invalidLinkPage(c)
    const tooMany = limitRate(c, returnsPerAddress)
    if (tooMany) return tooMany
    if (!(await platform.redeemState(state, code))) return invalidLinkPage(c)
    const key = authorisationKey(code)
    await platform.acceptEvent({ kind: 'authorised', appId: null, code, dedupeKey: key, createTime: null })
    await platform.processEvents().catch((err) => log.warn({ err }, 'platform events could not be processed'))
    const outcome = await platform.readOutcome(key)
    if (outcome?.done && outcome.appId && !outcome.error) {
      const name = (await deps.nameOf(outcome.appId)) ?? outcome.appId
      return c.html(
        <AuthorisedPage name={name} appId={outcome.appId} phoneUrl={deps.phoneUrl(outcome.appId)} />,
      )
    }
    if (outcome?.done) {
      return c.html(<ProblemPage zh="微信不接受这个授权码。" en="WeChat did not accept this code." />, 400)
    }
    return unavailablePage(c, log, new PlatformError(outcome?.error ?? 'not processed yet', null))
  })

  return app
}

function invalidLinkPage(c: Context) {
  return c.html(
    <ProblemPage zh="这个授权链接无效、已使用或已过期。" en="This link is unknown, used or expired." />,
    400,
  )
}

function busyPage(c: Context, ms: number) {
  const seconds = Math.ceil(ms / 1000)
  const zh = `请求过于频繁，请在 ${seconds} 秒后再试。`
  const en = `Too many requests. Try again in ${seconds} s.`
  return c.html(<ProblemPage zh={zh} en={en} />, 429, { 'retry-after': String(seconds) })
}

function unavailablePage(c: Context, log: Log, err: unknown) {
  const reason = err instanceof Error ? err.message : String(err)
  log.warn({ reason }, 'authorisation page unavailable')
  return c.html(
    <ProblemPage
      zh="暂时无法连接微信，请稍后再试。"
      en="WeChat cannot be reached at the moment. Try again later."
    />,
    503,
  )
}
