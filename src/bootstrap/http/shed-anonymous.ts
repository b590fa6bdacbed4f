import { setTimeout as sleep } from 'node:timers/promises'
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import { createAttemptLimiter } from '../../auth/attempt-limiter.ts'
import type { Auth } from '../../auth/auth.ts'

/** The event loop is late when a new event waits longer for its turn, ms. */
const LATE_MS = 50
/** Anonymous requests served while the event loop is late, so that people can still sign in. */
const SERVED = { burst: 40, everyMs: 50 }
/**
 * How long an answer is held, ms. A client that waits for the answer before its next request slows down. The time varies, so
 * that many clients do not come back together.
 */
const HOLD = { minMs: 2_000, spreadMs: 1_000 }
/** Answers held at the same time. More are sent at once. */
const MAX_HELD = 1_000

/**
 * Refuses anonymous requests while the event loop is late, before anything of them is read: 503 with `Retry-After`. Requests
 * in a loop would otherwise fill the event loop, and callbacks would wait for their turn. The caller excludes callbacks and
 * health checks.
 */
export function createAnonymousShedding(deps: {
  auth: Pick<Auth, 'cookies' | 'knownCredentials'>
  lateness: { readonly ms: number }
  /** Counts refused requests. */
  count(): void
  now(): number
  /** Waits before a refusal is sent. For tests; default: two to three seconds. */
  hold?: () => Promise<unknown>
}): MiddlewareHandler {
  const { auth, lateness, now, hold = () => sleep(HOLD.minMs + Math.random() * HOLD.spreadMs) } = deps
  const served = createAttemptLimiter({ ...SERVED, now })
  let held = 0

  const isKnown = (c: Context): boolean => {
    const authorization = c.req.header('authorization')
    if (authorization !== undefined && auth.knownCredentials.hasBearer(authorization)) return true
    const { session, challenge } = auth.cookies
    return [session, challenge].some((name) => auth.knownCredentials.hasCookie(getCookie(c, name) ?? ''))
  }

  return async (c, next) => {
    if (lateness.ms <= LATE_MS || isKnown(c) || served.consume('') === 0) return next()
    deps.count()
    if (held < MAX_HELD) {
      held += 1
      await hold().finally(() => {
        held -= 1
      })
    }
    c.header('retry-after', '1')
    return c.text('The service is busy. Try again in a second.', 503)
  }
}
