import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { callbackPath } from '../intake/path.ts'
import { noteOpened, type SkewWatch } from '../intake/skew-watch.ts'
import { createSparingLog } from '../intake/sparing-log.ts'
import type { Log } from '../log.ts'
import { openCallback, UNAUTHORISED } from '../wechat/envelope.ts'
import { keyOfCode, type Platform, PlatformError } from './component.ts'
import { AuthorisedPage, TroublePage } from './pages.tsx'
import { parsePush } from './push.ts'

const BODY_MAX = 64 * 1024

/**
 * WeChat's and the owners' doors to the third-party platform (contract, section 3): pushes, the way to WeChat's
 * authorisation page, and the way back. Comes before `/wechat/:appId`.
 */
export function createPlatformApp(deps: {
  platform: Platform
  now(): number
  maxAgeMs: number
  log: Log
  /** Measures our clock against WeChat's. */
  clock: Pick<SkewWatch, 'note'>
  nameOf(appId: string): Promise<string | null>
  /** The simulated phone of an account; null where its owner has a real one. */
  phoneUrl(appId: string): string | null
}): Hono {
  const { platform, now, maxAgeMs, log } = deps
  const say = createSparingLog(log, () => performance.now())
  const app = new Hono({ getPath: callbackPath })
  /** WeChat's authorisation page must be opened from the platform's registered domain, and learns that from the referrer. */
  const page: MiddlewareHandler = async (c, next) => {
    await next()
    c.header('referrer-policy', 'origin')
  }

  app.post(
    '/wechat/component',
    bodyLimit({ maxSize: BODY_MAX, onError: () => refuse(413, 'body over 64 KiB') }),
    async (c) => {
      const arrivedAt = now()
      const body = Buffer.from(await c.req.arrayBuffer())
      const account = platform.serve({ appId: platform.config.appId })
      const opened = openCallback({ account, query: c.req.query(), body, now: now(), maxAgeMs })
      const apiBase = platform.config.apiBase ?? null
      noteOpened(deps.clock, { apiBase, query: c.req.query(), opened, arrivedAt })
      if (!opened.ok) return refuse(opened.status, opened.reason, opened.unsealed && 'unsealed')
      const push = parsePush(opened.record)
      // Without a time of its own it counts from its delivery, which was signed.
      const seconds = push.createTime ?? Number(c.req.query('timestamp'))
      const createTime = seconds * 1000
      try {
        if (push.info === 'component_verify_ticket') await platform.saveTicket(push.ticket, createTime)
        else if (push.info === 'unauthorized') {
          const key = `gone-${push.appId}-${seconds}`
          await platform.accept({ kind: 'unauthorised', appId: push.appId, code: null, key, createTime })
        } else if (push.info !== 'other') {
          const { appId, code } = push
          await platform.accept({ kind: 'authorised', appId, code, key: keyOfCode(code), createTime })
        } else log.info({ infoType: push.infoType }, 'component push: unknown kind')
      } catch (err) {
        // WeChat is answered 500 and pushes again.
        log.error({ err }, 'component push not stored')
        return c.text('not stored', 500)
      }
      platform.work().catch((err) => log.warn({ err }, 'platform events'))
      return c.text('success')
    },
  )

  app.get('/wechat/component/authorize', page, async (c) => {
    try {
      return c.redirect(await platform.visit(c.req.query('device') === 'phone' ? 'phone' : 'pc'))
    } catch (err) {
      return troublePage(c, 503, err)
    }
  })

  app.get('/wechat/component/authorized', page, async (c) => {
    const { auth_code: code, state } = c.req.query()
    if (!code || !state || !(await platform.isOpenVisit(state))) {
      return c.html(
        <TroublePage zh="这个授权链接无效或已过期。" en="This link is unknown or expired." />,
        400,
      )
    }
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

  function troublePage(c: Context, status: 503, err: unknown) {
    const reason = err instanceof Error ? err.message : String(err)
    log.warn({ reason }, 'authorisation page')
    return c.html(
      <TroublePage zh="暂时无法连接微信，请稍后再试。" en="WeChat cannot be reached now." />,
      status,
    )
  }

  /** `kind`: of the line in the log. Being the first of its kind takes longer, so it must not depend on what was sealed. */
  function refuse(status: 400 | 401 | 413, reason: string, kind = `${status} ${reason}`): Response {
    say('warn', kind, { status, reason }, 'component push refused')
    return new Response(status === 401 ? UNAUTHORISED : reason, {
      status,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    })
  }
}
