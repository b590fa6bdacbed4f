import { type Context, Hono } from 'hono'
import type { AdmissionControl } from '../callback/admission/admission-control.ts'
import { callbackPath } from '../callback/callback-path.ts'
import { withinDeadline } from '../callback/deadline.ts'
import { declaredBytes, MAX_CALLBACK_BYTES, readBody } from '../callback/read-body.ts'
import { OVERLOADED } from '../callback/rejections.ts'
import { measureSkew, type SkewMonitor } from '../callback/skew-monitor.ts'
import { createRateLimitedLog, type RateLimitedLog } from '../shared/rate-limited-log.ts'
import { freshSignature, openCallback, UNAUTHORISED } from '../wechat/callback/envelope.ts'
import { type AuthorisationDeps, createAuthorisationApp } from './authorisation-app.tsx'
import { authorisationKey } from './authorisation-links.ts'
import { type PlatformPush, parsePlatformPush } from './platform-push.ts'

interface PlatformAppDeps extends AuthorisationDeps {
  /** Largest age of the query's `timestamp`, ms; 0: any age. */
  maxAgeMs: number
  /** Measures this machine's clock against WeChat's. */
  skewMonitor: Pick<SkewMonitor, 'record'>
  /** Bounds the memory that pushes and callbacks hold together. */
  admission: Pick<AdmissionControl, 'tryAcquire'>
}

/**
 * The routes of the third-party platform (docs/contract.md#3-callbacks): WeChat's pushes, the start of an authorisation, and the
 * return from it. Must be registered before `/wechat/:appId`.
 */
export function createPlatformApp(deps: PlatformAppDeps): Hono {
  const receiver = new PushReceiver(deps)
  const app = new Hono({ getPath: callbackPath })
  app.post('/wechat/component', (c) => receiver.receive(c))
  app.route('/', createAuthorisationApp(deps))
  return app
}

/** Receives WeChat's pushes to the platform: admit, read, authenticate, store. */
class PushReceiver {
  readonly #deps: PlatformAppDeps
  readonly #log: RateLimitedLog

  constructor(deps: PlatformAppDeps) {
    this.#deps = deps
    this.#log = createRateLimitedLog(deps.log, () => performance.now())
  }

  async receive(c: Context): Promise<Response> {
    const { platform, now, maxAgeMs, admission } = this.#deps
    const arrivedAt = now()
    const startedAt = performance.now()
    const bytes = declaredBytes(c.req, MAX_CALLBACK_BYTES)
    if (bytes === null) return this.#refuse(413, 'body over 64 KiB')
    const account = platform.asCallbackAccount({ appId: platform.config.appId })
    const signature = freshSignature(account, c.req.query(), { now: arrivedAt, maxAgeMs })
    const permit = admission.tryAcquire({ signature, bytes })
    if (!permit) return c.text(OVERLOADED, 500)
    try {
      const reading = permit.read(readBody(c.req, MAX_CALLBACK_BYTES))
      const body = await withinDeadline(startedAt, reading, 'the body did not arrive')
      if (!body) return this.#refuse(413, 'body over 64 KiB')
      const opened = openCallback({ account, query: c.req.query(), body, now: now(), maxAgeMs })
      const apiBase = platform.config.apiBase ?? null
      measureSkew(this.#deps.skewMonitor, { apiBase, query: c.req.query(), opened, arrivedAt })
      if (!opened.ok)
        return this.#refuse(opened.status, opened.reason, opened.undecryptable && 'undecryptable')
      if (!permit.enqueue(body.length)) return c.text(OVERLOADED, 500)
      return await this.#store(c, parsePlatformPush(opened.record))
    } catch (err) {
      const reason = err instanceof Error ? err.message : String(err)
      this.#log('warn', 'not read', { reason }, 'component push could not be read')
      return c.text('not read', 500)
    } finally {
      permit.release()
    }
  }

  async #store(c: Context, push: PlatformPush): Promise<Response> {
    const { platform, log } = this.#deps
    // A push without a time of its own counts from its delivery, which was signed.
    const seconds = push.createTime ?? Number(c.req.query('timestamp'))
    try {
      await this.#accept(push, seconds)
    } catch (err) {
      // WeChat pushes again after an answer 500.
      log.error({ err }, 'component push could not be stored')
      return c.text('not stored', 500)
    }
    platform.processEvents().catch((err) => log.warn({ err }, 'platform events could not be processed'))
    return c.text('success')
  }

  /** @param seconds time of the event by WeChat's clock */
  async #accept(push: PlatformPush, seconds: number): Promise<void> {
    const { platform, log } = this.#deps
    const createTime = seconds * 1000
    switch (push.info) {
      case 'component_verify_ticket':
        await platform.saveTicket(push.ticket, createTime)
        return
      case 'unauthorized': {
        const key = `gone-${push.appId}-${seconds}`
        return platform.acceptEvent({
          kind: 'unauthorised',
          appId: push.appId,
          code: null,
          dedupeKey: key,
          createTime,
        })
      }
      case 'authorized':
      case 'updateauthorized': {
        const { appId, code } = push
        const key = authorisationKey(code)
        return platform.acceptEvent({ kind: 'authorised', appId, code, dedupeKey: key, createTime })
      }
      case 'other':
        log.info({ infoType: push.infoType }, 'component push of unknown kind')
        return
      default:
        return push satisfies never
    }
  }

  /**
   * @param logKind groups log lines. The first line of a kind takes longer to write, so the kind must not depend on encrypted
   * content
   */
  #refuse(status: 400 | 401 | 413, reason: string, logKind = `${status} ${reason}`): Response {
    this.#log('warn', logKind, { status, reason }, 'component push refused')
    return new Response(status === 401 ? UNAUTHORISED : reason, {
      status,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    })
  }
}
