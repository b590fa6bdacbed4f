import { sql } from 'drizzle-orm'
import type { Hono } from 'hono'
import { pino } from 'pino'
import { ROLES } from '../../src/auth/roles.ts'
import { sessionTokens } from '../../src/auth/secrets/signed-token.ts'
import { cookieHash } from '../../src/auth/sign-in/sign-in.ts'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { createServices } from '../../src/bootstrap/services.ts'
import { checkCampaign } from '../../src/campaign/check.ts'
import { openStore } from '../../src/store/db.ts'
import { createSessionStore } from '../../src/store/users/session-store.ts'
import { createUserStore } from '../../src/store/users/user-store.ts'
import { connectTemporal } from '../../src/temporal/connection.ts'
import { appIdOf, MODES, SECRETS } from './malformed-callbacks.ts'

const CAMPAIGN =
  'id: fuzz\nname: fuzz\nentry: {event: subscribe}\nreply: {text: "hi {{ account.name }} {{ qrScene }}"}\nsteps: [{id: now, after: 0s, send: {text: hello}}]\n'

export interface FuzzTarget {
  web: Hono
  /** All that was logged since it was last asked. */
  logged(): string
  /** How many events are in the store; and empties it of them, so that a long run does not grow. */
  emptyInbox(): Promise<number>
  /** Cookies of a browser that is signed in, of each role. */
  signIn(): Promise<string[]>
  close(): Promise<void>
}

/** The product's real web app over a real store in memory, with an account of each mode. No engine: nothing is dispatched. */
export async function startFuzzTarget(): Promise<FuzzTarget> {
  let lines = ''
  const log = pino(
    { level: 'debug', base: undefined },
    {
      write(line: string) {
        lines += line
      },
    },
  )
  const store = await openStore({ dataDir: null })
  const target = { namespace: 'default', connection: { address: '127.0.0.1:9' } }
  const link = connectTemporal(target, 'fuzz')
  const config = { wechatApiBase: 'http://127.0.0.1:9', callbackMaxAgeMs: 600_000, retentionDays: 30 }
  const services = createServices({ config, db: store.db, link, encryptionKey: SECRETS.encryptionKey, log })
  const { appSecret, token, encodingAesKey } = SECRETS
  for (const mode of MODES) {
    await services.accounts.add({
      appId: appIdOf(mode),
      name: '测试账号',
      mode,
      appSecret,
      token,
      encodingAesKey,
      rules: 'wechat-2023',
      onUnknown: 'retry',
      timezone: 'Asia/Shanghai',
      apiBase: null,
      humanAgents: true,
    })
  }
  const { campaign, issues } = checkCampaign(CAMPAIGN)
  if (!campaign) throw new Error(JSON.stringify(issues))
  await services.campaigns.publish(CAMPAIGN, campaign, [])
  await services.changed()
  const links = { simulatorUrl: null, temporalUiUrl: null, namespace: 'default' }
  const web = createHttpApp(services, { adminToken: SECRETS.adminToken, links: () => links })
  const users = createUserStore(store.db, Date.now)
  const sessions = createSessionStore(store.db, Date.now)
  return {
    web,
    async signIn() {
      const cookies: string[] = []
      for (const role of ROLES) {
        const user = await users.add({ name: `fuzz-${role}`, role, passwordHash: 'none' })
        if (!user) throw new Error(`there is a ${role} already`)
        const cookie = sessionTokens(SECRETS.adminToken).issue()
        await sessions.create(cookieHash(SECRETS.adminToken, cookie), user.name, 3_600_000)
        cookies.push(`nurture_session=${cookie}`)
      }
      return cookies
    },
    logged() {
      const logged = lines
      lines = ''
      return logged
    },
    async emptyInbox() {
      const { rows } = (await store.db.execute(sql`SELECT count(*) AS n FROM inbox`)) as unknown as {
        rows: { n: string | number }[]
      }
      await store.db.execute(sql`TRUNCATE inbox`)
      return Number(rows[0]?.n)
    },
    async close() {
      await link.close()
      await store.close()
    },
  }
}
