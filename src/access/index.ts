import type { Log } from '../log.ts'
import { createApiTokenStore } from '../store/api-tokens.ts'
import type { Db } from '../store/db.ts'
import type { Sealer } from '../store/sealed.ts'
import { createUserStore } from '../store/users.ts'
import { createReadBearer } from './bearer.ts'
import { createClientReader } from './client.ts'
import { cookieNames } from './cookies.ts'
import { createKnownPlaces } from './known-places.ts'
import { createPasswords } from './password.ts'
import { createRefusals, REFUSALS } from './refusals.ts'
import { createSecondStep } from './second-step.ts'
import { createSignIn } from './sign-in.ts'

export type Access = ReturnType<typeof createAccess>
export type BearerAccess = ReturnType<typeof createBearerAccess>

interface BearerDeps {
  db: Db
  adminToken: string
  now: () => number
  log: Log
  /** The counter of refused requests. */
  metrics: { refusals: { inc(labels: { where: string; reason: string }, by?: number): void } }
  publicUrl?: string | undefined
  trustedProxies?: readonly string[] | undefined
}

/** Bearer tokens alone: all that a worker's metrics need. */
export function createBearerAccess(deps: BearerDeps) {
  const { db, adminToken, now, log, publicUrl, trustedProxies } = deps
  const { refusals: counter } = deps.metrics
  // A series that begins with its first fault would show no rise.
  for (const [where, reasons] of Object.entries(REFUSALS))
    for (const reason of reasons) counter.inc({ where, reason }, 0)
  const tokens = createApiTokenStore(db, now)
  return {
    tokens,
    refusals: createRefusals({ log, now, count: (where, reason) => counter.inc({ where, reason }) }),
    readBearer: createReadBearer({ adminToken, tokens, now, log }),
    client: createClientReader({ publicUrl, ...(trustedProxies ? { trustedProxies } : {}) }),
  }
}

/** Who may do what: people with passwords, tokens of scripts, and whoever has ADMIN_TOKEN. */
export function createAccess(
  deps: BearerDeps & {
    sealer: Sealer
    /** Whether people without a second factor must set one up (REQUIRE_2FA). */
    requireSecondFactor?: boolean | undefined
  },
) {
  const { db, sealer, adminToken, now, publicUrl } = deps
  const requireSecondFactor = deps.requireSecondFactor ?? false
  const bearer = createBearerAccess(deps)
  const passwords = createPasswords()
  const places = createKnownPlaces({ db, adminToken, now })
  const { refusals } = bearer
  const signInDeps = { db, adminToken, passwords, places, requireSecondFactor, now, refusals }
  return {
    ...bearer,
    users: createUserStore(db, now),
    passwords,
    requireSecondFactor,
    signIn: createSignIn(signInDeps),
    secondStep: createSecondStep({ ...signInDeps, sealer }),
    cookies: cookieNames(publicUrl),
    publicUrl: publicUrl ?? null,
  }
}
