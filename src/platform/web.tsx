import { type Context, Hono } from 'hono'
import { announcedBytes, readBodyWithin } from '../intake/body.ts'
import { STORE_WITHIN_MS } from '../intake/callback.ts'
import { callbackPath } from '../intake/path.ts'
import type { Place, Places } from '../intake/places.ts'
import { noteOpened, type SkewWatch } from '../intake/skew-watch.ts'
import { createSparingLog } from '../sparing-log.ts'
import { type CallbackAccount, freshSignature, openCallback, UNAUTHORISED } from '../wechat/envelope.ts'
import { type AuthorisationDeps, createAuthorisationPages } from './authorisation.tsx'
import { keyOfCode } from './component.ts'
import { parsePush } from './push.ts'

const BODY_MAX = 64 * 1024
/**
 * WeChat's and the owners' doors to the third-party platform (contract, section 3): pushes, the way to WeChat's
 * authorisation page, and the way back. Comes before `/wechat/:appId`.
 */
export function createPlatformApp(
  deps: AuthorisationDeps & {
    maxAgeMs: number
    /** Measures our clock against WeChat's. */
    clock: Pick<SkewWatch, 'note'>
    /** Bounds what pushes hold in memory, together with callbacks. */
    places: Pick<Places, 'take'>
  },
): Hono {
  const { platform, now, maxAgeMs, log } = deps
  const say = createSparingLog(log, () => performance.now())
  const app = new Hono({ getPath: callbackPath })

  app.post('/wechat/component', async (c) => {
    const arrivedAt = now()
    const bytes = announcedBytes(c.req, BODY_MAX)
    if (bytes === null) return refuse(413, 'body over 64 KiB')
    const account = platform.serve({ appId: platform.config.appId })
    const signature = freshSignature(account, c.req.query(), { now: arrivedAt, maxAgeMs })
    const place = deps.places.take({ signature, bytes })
    if (!place) return c.text('too many at once', 500)
    try {
      const body = await place.read(readBodyWithin(c.req, BODY_MAX, STORE_WITHIN_MS))
      if (!body) return refuse(413, 'body over 64 KiB')
      return await take(c, account, body, { arrivedAt, place })
    } catch (err) {
      const reason = err instanceof Error ? err.message : String(err)
      say('warn', 'not read', { reason }, 'component push not read')
      return c.text('not read', 500)
    } finally {
      place.leave()
    }
  })

  app.route('/', createAuthorisationPages(deps))
  return app

  /** What a push says, once it has come whole. */
  async function take(
    c: Context,
    account: CallbackAccount,
    body: Buffer,
    { arrivedAt, place }: { arrivedAt: number; place: Place },
  ): Promise<Response> {
    const opened = openCallback({ account, query: c.req.query(), body, now: now(), maxAgeMs })
    const apiBase = platform.config.apiBase ?? null
    noteOpened(deps.clock, { apiBase, query: c.req.query(), opened, arrivedAt })
    if (!opened.ok) return refuse(opened.status, opened.reason, opened.unsealed && 'unsealed')
    if (!place.wait(body.length)) return c.text('too many at once', 500)
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
