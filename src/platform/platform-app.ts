import { type Context, Hono } from 'hono'
import type { AdmissionControl } from '../callback/admission/admission-control.ts'
import type { Permit } from '../callback/admission/permit.ts'
import { callbackPath } from '../callback/callback-path.ts'
import { withinDeadline } from '../callback/deadline.ts'
import { declaredBytes, MAX_CALLBACK_BYTES, readBody } from '../callback/read-body.ts'
import { measureSkew, type SkewMonitor } from '../callback/skew-monitor.ts'
import { createRateLimitedLog } from '../shared/rate-limited-log.ts'
import {
  type CallbackAccount,
  freshSignature,
  openCallback,
  UNAUTHORISED,
} from '../wechat/callback/envelope.ts'
import { type AuthorisationDeps, createAuthorisationApp } from './authorisation-app.tsx'
import { authorisationKey } from './authorisation-links.ts'
import { parsePlatformPush } from './platform-push.ts'

/**
 * WeChat's and the owners' doors to the third-party platform (contract, section 3): pushes, the way to WeChat's
 * authorisation page, and the way back. Comes before `/wechat/:appId`.
 */
export function createPlatformApp(
  deps: AuthorisationDeps & {
    maxAgeMs: number
    /** Measures our clock against WeChat's. */
    skewMonitor: Pick<SkewMonitor, 'record'>
    /** Bounds what pushes hold in memory, together with callbacks. */
    admission: Pick<AdmissionControl, 'tryAcquire'>
  },
): Hono {
  const { platform, now, maxAgeMs, log } = deps
  const limitedLog = createRateLimitedLog(log, () => performance.now())
  const app = new Hono({ getPath: callbackPath })

  app.post('/wechat/component', async (c) => {
    const arrivedAt = now()
    const startedAt = performance.now()
    const bytes = declaredBytes(c.req, MAX_CALLBACK_BYTES)
    if (bytes === null) return refuse(413, 'body over 64 KiB')
    const account = platform.asCallbackAccount({ appId: platform.config.appId })
    const signature = freshSignature(account, c.req.query(), { now: arrivedAt, maxAgeMs })
    const permit = deps.admission.tryAcquire({ signature, bytes })
    if (!permit) return c.text('too many at once', 500)
    try {
      const reading = permit.read(readBody(c.req, MAX_CALLBACK_BYTES))
      const body = await withinDeadline(startedAt, reading, 'the body did not come')
      if (!body) return refuse(413, 'body over 64 KiB')
      return await handlePush(c, account, body, { arrivedAt, permit })
    } catch (err) {
      const reason = err instanceof Error ? err.message : String(err)
      limitedLog('warn', 'not read', { reason }, 'component push not read')
      return c.text('not read', 500)
    } finally {
      permit.release()
    }
  })

  app.route('/', createAuthorisationApp(deps))
  return app

  /** What a push says, once it has come whole. */
  async function handlePush(
    c: Context,
    account: CallbackAccount,
    body: Buffer,
    { arrivedAt, permit }: { arrivedAt: number; permit: Permit },
  ): Promise<Response> {
    const opened = openCallback({ account, query: c.req.query(), body, now: now(), maxAgeMs })
    const apiBase = platform.config.apiBase ?? null
    measureSkew(deps.skewMonitor, { apiBase, query: c.req.query(), opened, arrivedAt })
    if (!opened.ok) return refuse(opened.status, opened.reason, opened.undecryptable && 'unsealed')
    if (!permit.enqueue(body.length)) return c.text('too many at once', 500)
    const push = parsePlatformPush(opened.record)
    // Without a time of its own it counts from its delivery, which was signed.
    const seconds = push.createTime ?? Number(c.req.query('timestamp'))
    const createTime = seconds * 1000
    try {
      if (push.info === 'component_verify_ticket') await platform.saveTicket(push.ticket, createTime)
      else if (push.info === 'unauthorized') {
        const key = `gone-${push.appId}-${seconds}`
        await platform.acceptEvent({ kind: 'unauthorised', appId: push.appId, code: null, key, createTime })
      } else if (push.info !== 'other') {
        const { appId, code } = push
        await platform.acceptEvent({
          kind: 'authorised',
          appId,
          code,
          key: authorisationKey(code),
          createTime,
        })
      } else log.info({ infoType: push.infoType }, 'component push: unknown kind')
    } catch (err) {
      // WeChat is answered 500 and pushes again.
      log.error({ err }, 'component push not stored')
      return c.text('not stored', 500)
    }
    platform.processEvents().catch((err) => log.warn({ err }, 'platform events'))
    return c.text('success')
  }

  /** `kind`: of the line in the log. Being the first of its kind takes longer, so it must not depend on what was sealed. */
  function refuse(status: 400 | 401 | 413, reason: string, kind = `${status} ${reason}`): Response {
    limitedLog('warn', kind, { status, reason }, 'component push refused')
    return new Response(status === 401 ? UNAUTHORISED : reason, {
      status,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    })
  }
}
