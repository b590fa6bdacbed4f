import type { Log } from '../shared/log.ts'
import type { Db } from '../store/db.ts'
import type { Sealer } from '../store/encryption/sealer.ts'
import { createApiTokenStore } from '../store/users/api-token-store.ts'
import { createUserStore } from '../store/users/user-store.ts'
import { createAuthenticate } from './bearer-auth.ts'
import { createClientReader } from './http/client-address.ts'
import { cookieNames } from './http/cookie-names.ts'
import { createKnownCredentials } from './known-credentials.ts'
import { createPasswords } from './passwords/password-hash.ts'
import { createRefusals, REFUSALS } from './refusals.ts'
import { createKnownLocations } from './sign-in/known-locations.ts'
import { SecondFactor } from './sign-in/second-factor.ts'
import { SignIn } from './sign-in/sign-in.ts'

export type Auth = ReturnType<typeof createAuth>
export type BearerAuth = ReturnType<typeof createBearerAuth>

interface BearerDeps {
  db: Db
  adminToken: string
  now: () => number
  log: Log
  /** Counts refused requests. */
  metrics: { refusals: { inc(labels: { where: string; reason: string }, by?: number): void } }
  publicUrl?: string | undefined
  trustedProxies?: readonly string[] | undefined
}

/** Bearer tokens only, for the metrics of a worker. */
export function createBearerAuth(deps: BearerDeps) {
  const { db, adminToken, now, log, publicUrl, trustedProxies } = deps
  const { refusals: counter } = deps.metrics
  // Prometheus sees no increase in a series that begins with its first refusal.
  for (const [where, reasons] of Object.entries(REFUSALS))
    for (const reason of reasons) counter.inc({ where, reason }, 0)
  const tokens = createApiTokenStore(db, now)
  const knownCredentials = createKnownCredentials(adminToken)
  return {
    tokens,
    knownCredentials,
    refusals: createRefusals({ log, now, count: (where, reason) => counter.inc({ where, reason }) }),
    authenticate: createAuthenticate({ adminToken, tokens, knownCredentials, now, log }),
    client: createClientReader({ publicUrl, ...(trustedProxies ? { trustedProxies } : {}) }),
  }
}

/** Authentication and roles of users, API tokens and ADMIN_TOKEN. */
export function createAuth(
  deps: BearerDeps & {
    sealer: Sealer
    /** Whether users without a second factor must set one up (REQUIRE_2FA). */
    requireSecondFactor?: boolean | undefined
  },
) {
  const { db, sealer, adminToken, now, publicUrl } = deps
  const requireSecondFactor = deps.requireSecondFactor ?? false
  const bearer = createBearerAuth(deps)
  const passwords = createPasswords()
  const knownLocations = createKnownLocations({ db, adminToken, now })
  const { refusals } = bearer
  const signInDeps = { db, adminToken, passwords, knownLocations, requireSecondFactor, now, refusals }
  return {
    ...bearer,
    users: createUserStore(db, now),
    passwords,
    requireSecondFactor,
    signIn: new SignIn(signInDeps),
    secondFactor: new SecondFactor({ ...signInDeps, sealer }),
    cookies: cookieNames(publicUrl),
    publicUrl: publicUrl ?? null,
  }
}
