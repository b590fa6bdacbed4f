import { type Context, Hono, type MiddlewareHandler } from 'hono'
import type { ClientReader } from '../access/client.ts'
import { createLimiter, type Limiter } from '../access/limiter.ts'
import { callbackPath } from '../intake/path.ts'
import type { Log } from '../log.ts'
import { keyOfCode, type Platform, PlatformError } from './component.ts'
import { AuthorisedPage, TroublePage } from './pages.tsx'

/**
 * Each visit is a call to WeChat, whose calls a day are counted, and a row. Of one address: a class of owners behind one
 * router at once, then four a minute. Of all addresses together: one a second in the long run.
 */
const BEGINS_OF_ONE = { burst: 40, everyMs: 15_000 }
const BEGINS = { burst: 200, everyMs: 1_000 }
/** Ways back with a state of ours, of one address: pages that are loaded again, too. */
const RETURNS_OF_ONE = { burst: 60, everyMs: 2_000 }
const EVERYBODY = 'everybody'
/**
 * WeChat writes `queryauthcode@@@` and 86 letters, digits, `-` and `_` (as public programs have logged it; no page of
 * WeChat's says so): others may come, none of them long.
 */
const CODE = /^[\w@.=~+/-]{1,512}$/

export interface AuthorisationDeps {
  platform: Platform
  now(): number
  log: Log
  nameOf(appId: string): Promise<string | null>
  /** The simulated phone of an account; null where its owner has a real one. */
  phoneUrl(appId: string): string | null
  /** Where a request comes from: what strangers may have done is counted for it. */
  client: ClientReader
}

/**
 * Sends owners to WeChat's authorisation page, and takes them back. Everybody may come here, so what a stranger can have
 * done is bounded: visits by address, and a way back only for a state of ours, with one code.
 */
export function createAuthorisationPages(deps: AuthorisationDeps): Hono {
  const { platform, now, log } = deps
  const app = new Hono({ getPath: callbackPath })
  /** WeChat's authorisation page must be opened from the platform's registered domain, and learns that from the referrer. */
  const page: MiddlewareHandler = async (c, next) => {
    await next()
    c.header('referrer-policy', 'origin')
  }
  const begins = createLimiter({ ...BEGINS, now })
  const beginsOfOne = createLimiter({ ...BEGINS_OF_ONE, now })
  const returnsOfOne = createLimiter({ ...RETURNS_OF_ONE, now })
  /** Takes a try of the client's, or answers that there is none. */
  const hold = (c: Context, limiter: Limiter, ofAll?: Limiter): Response | Promise<Response> | null => {
    const { address } = deps.client(c)
    if (address === null) return null
    const ms = Math.max(limiter.waitMs(address), ofAll?.waitMs(EVERYBODY) ?? 0)
    if (ms > 0) return busyPage(c, ms)
    limiter.take(address)
    ofAll?.take(EVERYBODY)
    return null
  }

  app.get('/wechat/component/authorize', page, async (c) => {
    const held = hold(c, beginsOfOne, begins)
    if (held) return held
    try {
      return c.redirect(await platform.visit(c.req.query('device') === 'phone' ? 'phone' : 'pc'))
    } catch (err) {
      return troublePage(c, 503, err)
    }
  })

  app.get('/wechat/component/authorized', page, async (c) => {
    const { auth_code: code = '', state = '' } = c.req.query()
    if (!CODE.test(code) || !platform.isOwnVisit(state)) return unknownPage(c)
    const held = hold(c, returnsOfOne)
    if (held) return held
    if (!(await platform.useVisit(state, code))) return unknownPage(c)
    const key = keyOfCode(code)
    await platform.accept({ kind: 'authorised', appId: null, code, key, createTime: null })
    await platform.work().catch((err) => log.warn({ err }, 'platform events'))
    const outcome = await platform.outcome(key)
    if (outcome?.done && outcome.appId && !outcome.trouble) {
      const name = (await deps.nameOf(outcome.appId)) ?? outcome.appId
      return c.html(
        <AuthorisedPage name={name} appId={outcome.appId} phoneUrl={deps.phoneUrl(outcome.appId)} />,
      )
    }
    if (outcome?.done) {
      return c.html(<TroublePage zh="微信不接受这个授权码。" en="WeChat does not take this code." />, 400)
    }
    return troublePage(c, 503, new PlatformError(outcome?.trouble ?? 'not done yet', null))
  })

  return app

  function unknownPage(c: Context) {
    return c.html(
      <TroublePage zh="这个授权链接无效、已使用或已过期。" en="This link is unknown, used or expired." />,
      400,
    )
  }

  function busyPage(c: Context, ms: number) {
    const seconds = Math.ceil(ms / 1000)
    const zh = `请求过于频繁，请在 ${seconds} 秒后再试。`
    const en = `Too many requests have come. Try again in ${seconds} s.`
    return c.html(<TroublePage zh={zh} en={en} />, 429, { 'retry-after': String(seconds) })
  }

  function troublePage(c: Context, status: 503, err: unknown) {
    const reason = err instanceof Error ? err.message : String(err)
    log.warn({ reason }, 'authorisation page')
    return c.html(
      <TroublePage zh="暂时无法连接微信，请稍后再试。" en="WeChat cannot be reached now." />,
      status,
    )
  }
}
