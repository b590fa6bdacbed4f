import type { MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { failed, parseObject } from '../../fault-responses.ts'
import type { Router } from '../../router.ts'
import { withBody } from '../../with-body.ts'

/** The failures that a simulator remembers. WeChat keeps them for seven days. */
const MAX_FAILURES = 1_000

interface Failure {
  /** The token of the query; '' without one. */
  token: string
  request: Record<string, string | number>
}

/**
 * `openapi/rid/get`: the request of a failed call, by the `rid` of its answer. 76001: unknown rid; 76002: another
 * account's. Source: https://developers.weixin.qq.com/doc/offiaccount/openApi/get_rid_info.html
 */
export function registerRequestIds({ app, route, wechat }: Router): void {
  const failures = new Map<string, Failure>()
  app.use('/cgi-bin/*', recordFailures(failures, wechat.now))
  app.use('/customservice/*', recordFailures(failures, wechat.now))
  route(
    'POST',
    '/cgi-bin/openapi/rid/get',
    withBody(z.object({ rid: z.string() }), ({ rid }, { account }) => {
      const found = failures.get(rid)
      if (!found) return failed(76001)
      const isOwn = found.token !== '' && wechat.tokens.get(account.appId)?.owns(found.token)
      return isOwn ? { ...failed(0), request: found.request } : failed(76002)
    }),
    { forEveryAccount: true },
  )
}

/** Records every answer with a `rid`. Must be registered before the calls. */
function recordFailures(failures: Map<string, Failure>, now: () => number): MiddlewareHandler {
  return async function recordFailure(c, next) {
    const began = performance.now()
    const invokedAt = Math.floor(now() / 1000)
    await next()
    if (!c.res.headers.get('content-type')?.includes('json')) return
    const response = await c.res
      .clone()
      .text()
      // An answer that a fault breaks off has no rid that anybody has read.
      .catch(() => '')
    const rid = /rid: ([0-9a-f-]+)$/.exec(String(parseObject(response)?.errmsg ?? ''))?.[1]
    if (rid === undefined) return
    const isForm = c.req.header('content-type')?.startsWith('multipart/')
    const url = new URL(c.req.url)
    const token = url.searchParams.get('access_token') ?? ''
    if (token) url.searchParams.set('access_token', '***')
    failures.set(rid, {
      token,
      request: {
        invoke_time: invokedAt,
        cost_in_ms: Math.round(performance.now() - began),
        request_url: url.searchParams.toString(),
        request_body: isForm || c.req.method === 'GET' ? '' : await c.req.text(),
        response_body: response,
        client_ip: '127.0.0.1',
      },
    })
    const [oldest] = failures.keys()
    if (failures.size > MAX_FAILURES && oldest !== undefined) failures.delete(oldest)
  }
}
