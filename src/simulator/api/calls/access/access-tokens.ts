import type { Context } from 'hono'
import type { SimTokens } from '../../../state/tokens.ts'
import { type Answer, failed, readJson, textOrNull, withFaults } from '../../fault-responses.ts'
import { countCall } from '../../quota.ts'
import type { ApiContext, Router } from '../../router.ts'

/**
 * The calls that issue an account's access token. They authenticate by the account's secret.
 * Sources: https://developers.weixin.qq.com/doc/service/api/base/api_getaccesstoken and …/api_getstableaccesstoken .
 * `stable_token` treats a body that it cannot read as one without `appid`
 * (https://developers.weixin.qq.com/community/develop/doc/000a06f6edc78040aa11517ab6b800)
 */
export function registerAccessTokens({ open, wechat }: Router): void {
  const { now } = wechat
  open('POST', '/cgi-bin/stable_token', async (c) => {
    const body = await readJson(c)
    return withFaults(wechat.faults, c, textOrNull(body.appid), async () => {
      const found = authenticate(wechat, c, body)
      if ('errcode' in found) return found
      const issued = found.tokens.stableToken(now(), body.force_refresh === true)
      return 'errcode' in issued ? failed(issued.errcode) : issued
    })
  })
  open('GET', '/cgi-bin/token', (c) =>
    withFaults(wechat.faults, c, textOrNull(c.req.query('appid')), async () => {
      const found = authenticate(wechat, c, c.req.query())
      return 'errcode' in found ? found : found.tokens.plainToken(now())
    }),
  )
}

/**
 * Checks appId, secret and grant type. Missing fields are reported before wrong ones: a request with a valid `grant_type`
 * and no `appid` is answered with 41002. The order of the other codes is inferred.
 */
function authenticate(
  wechat: ApiContext,
  c: Context,
  given: Record<string, unknown>,
): { tokens: SimTokens } | (Answer & { errcode: number }) {
  const [appId, secret] = [String(given.appid ?? ''), given.secret]
  if (appId === '') return failed(41002)
  if (typeof secret !== 'string' || secret === '') return failed(41004)
  if (given.grant_type !== 'client_credential') return failed(40002)
  if (wechat.components.has(appId)) return failed(61024)
  const account = wechat.accounts.get(appId)
  const tokens = account && wechat.tokens.get(account.appId)
  if (!account || !tokens) return failed(40013)
  if (account.appSecret !== secret) return failed(40125)
  if (!account.ipWhitelisted) {
    const ip = c.req.header('x-forwarded-for') ?? '127.0.0.1'
    return failed(40164, `invalid ip ${ip} ipv6 ::ffff:${ip}, not in whitelist`)
  }
  const limit = countCall(account, c.req.path, wechat.now())
  return limit === 0 ? { tokens } : failed(limit)
}
