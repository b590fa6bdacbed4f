import type { Context } from 'hono'
import { failed, readJson, textOrNull, withFaults } from '../answering.ts'
import type { SimTokens } from '../tokens.ts'
import type { ApiWorld, Router } from './router.ts'

/** The calls that give an account's access token; they know the account by its secret. */
export function registerCredentials({ app, world }: Router): void {
  const { now } = world
  app.post('/cgi-bin/stable_token', async (c) => {
    const body = await readJson(c)
    return withFaults(world.faults, c, textOrNull(body.appid), async () => {
      const found = credentials(world, body.appid, body.secret, c)
      if ('errcode' in found) return found
      const issued = found.tokens.stableToken(now(), body.force_refresh === true)
      return 'errcode' in issued ? failed(issued.errcode) : issued
    })
  })
  app.get('/cgi-bin/token', (c) =>
    withFaults(world.faults, c, textOrNull(c.req.query('appid')), async () => {
      const found = credentials(world, c.req.query('appid'), c.req.query('secret'), c)
      return 'errcode' in found ? found : found.tokens.plainToken(now())
    }),
  )
}

function credentials(
  world: ApiWorld,
  appid: unknown,
  secret: unknown,
  c: Context,
): { tokens: SimTokens } | { errcode: number; errmsg: string } {
  if (world.components.has(String(appid ?? ''))) return failed(61024)
  const account = world.accounts.get(String(appid ?? ''))
  const tokens = account && world.tokens.get(account.appId)
  if (!account || !tokens) return failed(40013)
  if (account.appSecret !== secret) return failed(40125)
  if (!account.ipWhitelisted) {
    const ip = c.req.header('x-forwarded-for') ?? '127.0.0.1'
    return failed(40164, `invalid ip ${ip} ipv6 ::ffff:${ip}, not in whitelist`)
  }
  return { tokens }
}
