import { Hono } from 'hono'
import { createAttemptLimiter, createNetworkAttemptLimiter } from '../auth/attempt-limiter.ts'
import type { ClientReader } from '../auth/http/client-address.ts'
import type { Log } from '../shared/log.ts'
import type { LinkResult } from '../shared/metrics.ts'
import { SECOND_MS } from '../shared/time-units.ts'
import type { Db } from '../store/db.ts'
import { findLink, isLinkToken, linkTarget, recordClick } from '../store/links/links.ts'

/** WeChat's browser, on phones and computers. */
const WECHAT_BROWSER = /\bMicroMessenger\b/i
/** Requests of one address for tokens that do not exist. Followers behind one address of a network operator open known ones. */
const UNKNOWN = { burst: 20, everyMs: 5 * SECOND_MS }
/** Clicks on one link that are counted. Further ones lead on, but cost no write. */
const COUNTED = { burst: 5, everyMs: 10 * SECOND_MS }

export interface LinkEndpointDeps {
  db: Db
  dispatcher: { wake(): void }
  client: ClientReader
  count(result: LinkResult): void
  now: () => number
  log: Log
}

/**
 * `GET /l/{token}`: leads to the stored URL of a short link, and to no other address. Only requests of WeChat's browser count as
 * clicks. An unknown token is 404.
 */
export function createLinkEndpoint(deps: LinkEndpointDeps): Hono {
  const { db, now, log } = deps
  const app = new Hono()
  const unknown = createNetworkAttemptLimiter({ ...UNKNOWN, now })
  const counted = createAttemptLimiter({ ...COUNTED, now })

  app.get('/l/:token', async (c) => {
    const token = c.req.param('token')
    const { address } = deps.client(c)
    const mayLookUp = isLinkToken(token) && unknown.waitMs(address) === 0
    const stored = mayLookUp ? await findLink(db, token) : null
    // Checked again: nothing else may ever be the target of a redirect.
    const url = stored && linkTarget(stored)
    if (!url) {
      unknown.consume(address)
      deps.count('unknown')
      return c.text('There is no such link. 链接不存在或已失效。', 404)
    }
    const isClick = c.req.method === 'GET' && WECHAT_BROWSER.test(c.req.header('user-agent') ?? '')
    const isCounted = isClick && counted.consume(token) === 0
    deps.count(isCounted ? 'counted' : 'not-counted')
    if (isCounted) {
      try {
        if (await recordClick(db, token, now())) deps.dispatcher.wake()
      } catch (err) {
        // The follower is led on: the page matters more than the count.
        log.error({ err }, 'a click on a short link could not be counted')
      }
    }
    return c.redirect(url, 302)
  })
  return app
}
