import { sql } from 'drizzle-orm'
import type { Hono } from 'hono'
import { ROLES } from '../../src/auth/roles.ts'
import { cookieHash, sessionTokens } from '../../src/auth/sign-in/browser-session.ts'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import type { Db } from '../../src/store/db.ts'
import { createSessionStore } from '../../src/store/users/session-store.ts'
import { createUserStore } from '../../src/store/users/user-store.ts'
import { testAccount } from '../fixtures/test-account.ts'
import { captureLog } from '../harness/captured-log.ts'
import { createOfflineServices } from '../harness/offline-services.ts'
import { publishCampaign } from '../harness/publish-campaign.ts'
import { appIdOf, MODES, SECRETS } from './malformed-callbacks.ts'

const CAMPAIGN =
  'id: fuzz\nname: fuzz\nentry: {event: subscribe}\nreply: {text: "hi {{ account.name }} {{ qrScene }}"}\nsteps: [{id: now, after: 0s, send: {text: hello}}]\n'

export interface FuzzTarget {
  web: Hono
  /** The log lines since the last call. */
  logged(): string
  /** Deletes all events, so that a long run does not grow. Returns their number. */
  emptyInbox(): Promise<number>
  /** Session cookies, one of each role. */
  signIn(): Promise<string[]>
  close(): Promise<void>
}

/** The web app with a real store in memory and an account of each mode. Without Temporal nothing is dispatched. */
export async function startFuzzTarget(): Promise<FuzzTarget> {
  const { adminToken, encryptionKey, appSecret, token, encodingAesKey } = SECRETS
  const captured = captureLog()
  const { services, store } = await createOfflineServices({ encryptionKey, log: captured.log })
  for (const mode of MODES) {
    const secrets = { appSecret, token, encodingAesKey }
    await services.accounts.add(testAccount({ appId: appIdOf(mode), mode, ...secrets, humanAgents: true }))
  }
  await publishCampaign(services, CAMPAIGN)
  const links = { simulatorUrl: null, temporalUiUrl: null, namespace: 'default' }
  return {
    web: createHttpApp(services, { adminToken, links: () => links }),
    signIn: () => signInAsEachRole(store.db),
    logged: captured.take,
    emptyInbox: () => emptyInbox(store.db),
    async close() {
      await services.temporal.close()
      await store.close()
    },
  }
}

async function signInAsEachRole(db: Db): Promise<string[]> {
  const users = createUserStore(db, Date.now)
  const sessions = createSessionStore(db, Date.now)
  const cookies: string[] = []
  for (const role of ROLES) {
    const user = await users.add({ name: `fuzz-${role}`, role, passwordHash: 'none' })
    if (!user) throw new Error(`the store already has a ${role}`)
    const cookie = sessionTokens(SECRETS.adminToken).issue()
    await sessions.create(cookieHash(SECRETS.adminToken, cookie), user.name, 3_600_000)
    cookies.push(`nurture_session=${cookie}`)
  }
  return cookies
}

async function emptyInbox(db: Db): Promise<number> {
  // The driver types rows as unknown records.
  const { rows } = (await db.execute(sql`SELECT count(*) AS n FROM inbox`)) as unknown as {
    rows: { n: string | number }[]
  }
  await db.execute(sql`TRUNCATE inbox`)
  return Number(rows[0]?.n)
}
