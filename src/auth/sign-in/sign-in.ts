import { truncateText } from '../../shared/text.ts'
import type { Db } from '../../store/db.ts'
import { writeAudit } from '../../store/users/audit-log.ts'
import { createSessionStore } from '../../store/users/session-store.ts'
import { createChallenge, lockUnchangedUser } from '../../store/users/sign-in-challenges.ts'
import { createUserStore, type User } from '../../store/users/user-store.ts'
import { type AttemptLimiter, createAttemptLimiter, createNetworkAttemptLimiter } from '../attempt-limiter.ts'
import { widestNetworkOf } from '../http/ip-networks.ts'
import { BusyError } from '../passwords/fair-queue.ts'
import type { Passwords, Requester } from '../passwords/password-hash.ts'
import { ADMIN_TOKEN_ACTOR, normalizeUserName, type Principal } from '../principal.ts'
import type { Refusals } from '../refusals.ts'
import { constantTimeEqual, keyedHash } from '../secrets/secret-hash.ts'
import { createSignedTokens, type SignedTokens, sessionTokens } from '../secrets/signed-token.ts'
import type { KnownLocations } from './known-locations.ts'

export type SignInResult =
  /** `cookie`: what the browser keeps. */
  | { kind: 'in'; cookie: string; principal: Principal }
  /** The password is right, and a second factor is asked for; `cookie`: what the browser shows with it. */
  | { kind: 'second-factor'; cookie: string }
  | { kind: 'wrong' }
  /** Too many tries; there is one again in so many ms. */
  | { kind: 'wait'; ms: number }

export interface SignIn {
  withPassword(given: { name: string; password: string; address: string | null }): Promise<SignInResult>
  withToken(given: { token: string; address: string | null }): Promise<SignInResult>
  /** Who a cookie belongs to, as of now: disabling and another role count at once. */
  principalOf(cookie: string | undefined): Promise<Principal | null>
  signOut(cookie: string | undefined): Promise<void>
}

const SESSION_MS = 12 * 3_600_000
/** Between the password and the second factor: long enough to set up an app. */
export const CHALLENGE_MS = 10 * 60_000
/** Of one address: ten tries, then one in ten seconds; of one IPv6 /48 three times as many. */
export const PER_ADDRESS = { burst: 10, everyMs: 10_000 }
/** For one name, from anywhere where nobody of that name has signed in: twenty, then one in half a minute. */
const PER_NAME = { burst: 20, everyMs: 30_000 }
/**
 * For one name from one network: slower than the name's tries come back. So one network alone never uses them up, and its
 * guesses keep the person out nowhere else.
 */
const PER_NAME_AND_NETWORK = { burst: 15, everyMs: 60_000 }
const MAX_NAME_CHARS = 64
const BUSY_RETRY_MS = 2_000

export interface SignInDeps {
  db: Db
  adminToken: string
  passwords: Passwords
  places: KnownLocations
  /** Whether people without a second factor must set one up. */
  requireSecondFactor: boolean
  now: () => number
  refusals: Refusals
}

/** A hash of a cookie under a key of the admin token: with another token every session is over. */
export const cookieHash = (adminToken: string, cookie: string): string => keyedHash(adminToken, cookie)

/** What browsers keep between the password and the second factor. */
export const challengeTokens = (adminToken: string): SignedTokens =>
  createSignedTokens(adminToken, 'challenge')

/** Sign-in of browsers, with a name and password or with the admin token, and their sessions. */
export function createSignIn(deps: SignInDeps): SignIn {
  const { db, adminToken, passwords, now, refusals } = deps
  const users = createUserStore(db, now)
  const sessions = createSessionStore(db, now)
  const limits = createSignInLimits(now)
  const hashOf = (cookie: string) => cookieHash(adminToken, cookie)
  const cookies = sessionTokens(adminToken)
  const challenges = challengeTokens(adminToken)

  async function checkPassword(
    { name, password, address }: { name: string; password: string; address: string | null },
    isKnown: boolean,
  ): Promise<SignInResult> {
    const found = await users.find(name)
    const user = found?.disabledAt === null ? found : null
    const isCorrect = await passwords.verify(
      password,
      user?.passwordHash ?? null,
      requesterOf(name, address, isKnown),
    )
    if (!isCorrect || !user) return { kind: 'wrong' }
    if (user.totpSecretSealed !== null || deps.requireSecondFactor) return startChallenge(user)
    const cookie = cookies.issue()
    const hasStarted = await db.transaction(async (tx) => {
      if (!(await lockUnchangedUser(tx, user))) return false
      await beginSession(tx, deps, { name: user.name, cookie, address })
      return true
    })
    return hasStarted
      ? { kind: 'in', cookie, principal: { actor: user.name, role: user.role } }
      : { kind: 'wrong' }
  }

  async function startChallenge(user: User): Promise<SignInResult> {
    const cookie = challenges.issue()
    const hash = hashOf(cookie)
    const hasStarted = await db.transaction((tx) =>
      createChallenge(tx, user, hash, { now: now(), lifetimeMs: CHALLENGE_MS }),
    )
    return hasStarted ? { kind: 'second-factor', cookie } : { kind: 'wrong' }
  }

  return {
    async withPassword({ name: given, password, address }) {
      const name = truncateText(normalizeUserName(given), MAX_NAME_CHARS)
      const isKnown = await deps.places.has(name, address)
      const answer = await limits.withinLimits(limits.forName(name, address, isKnown), () =>
        checkPassword({ name, password, address }, isKnown),
      )
      if (answer.kind === 'wrong' || answer.kind === 'wait')
        refusals.record({ where: 'sign-in', reason: answer.kind, address })
      return answer
    },
    async withToken({ token, address }) {
      // Before the limiter: others' wrong tries from a shared address must not keep its holder out.
      if (constantTimeEqual(token, adminToken)) {
        const cookie = cookies.issue()
        await db.transaction((tx) =>
          beginSession(tx, deps, { name: ADMIN_TOKEN_ACTOR, cookie, address: null }),
        )
        return { kind: 'in', cookie, principal: { actor: ADMIN_TOKEN_ACTOR, role: 'admin' } }
      }
      const answer = await limits.withinLimits(limits.ofAddress(address), async () => ({
        kind: 'wrong' as const,
      }))
      refusals.record({ where: 'sign-in', reason: answer.kind === 'wait' ? 'wait' : 'wrong', address })
      return answer
    },
    async principalOf(cookie) {
      // A made-up one costs no look into the store.
      if (!cookie || !cookies.isGenuine(cookie)) return null
      const found = await sessions.find(hashOf(cookie))
      if (!found) return null
      if (found.userName === ADMIN_TOKEN_ACTOR) return { actor: ADMIN_TOKEN_ACTOR, role: 'admin' }
      if (found.user?.disabledAt !== null) return null
      return { actor: found.user.name, role: found.user.role }
    },
    async signOut(cookie) {
      if (!cookie || !cookies.isGenuine(cookie)) return
      const hash = hashOf(cookie)
      const found = await sessions.find(hash)
      await db.transaction(async (tx) => {
        if (!(await createSessionStore(tx, now).end(hash)) || !found) return
        const actor = found.userName
        await writeAudit(tx, { actor, action: 'session.end', target: actor, at: now() })
      })
    },
  }
}

/** Begins a session, with its row of the audit log, and remembers where the person is. In the caller's transaction. */
export async function beginSession(
  tx: Db,
  { adminToken, places, now }: Pick<SignInDeps, 'adminToken' | 'places' | 'now'>,
  given: { name: string; cookie: string; address: string | null; details?: Record<string, unknown> },
): Promise<void> {
  const { name, cookie, address, details } = given
  await createSessionStore(tx, now).create(cookieHash(adminToken, cookie), name, SESSION_MS)
  await places.record(tx, name, address)
  await writeAudit(tx, { actor: name, action: 'session.begin', target: name, details, at: now() })
}

/** At a known place persons take turns, elsewhere networks do. */
function requesterOf(name: string, address: string | null, isKnown: boolean): Requester {
  return { isKnown, party: isKnown ? name : address === null ? '' : widestNetworkOf(address) }
}

type Count = Pick<AttemptLimiter, 'waitMs' | 'consume' | 'refund'>
/** What a try is counted by. */
type AttemptCounter = { waitMs(): number; consume(): void; refund(): void }

function createSignInLimits(now: () => number) {
  const addresses = createNetworkAttemptLimiter({ ...PER_ADDRESS, now })
  const known = createAttemptLimiter({ ...PER_ADDRESS, now })
  const names = createAttemptLimiter({ ...PER_NAME, now })
  const namesPerNetwork = createAttemptLimiter({ ...PER_NAME_AND_NETWORK, now })
  const counterFor = (limiter: Count, key: string): AttemptCounter => ({
    waitMs: () => limiter.waitMs(key),
    consume: () => limiter.consume(key),
    refund: () => limiter.refund(key),
  })
  const forAddress = (address: string | null): AttemptCounter[] => [
    {
      waitMs: () => addresses.waitMs(address),
      consume: () => addresses.consume(address),
      refund: () => addresses.refund(address),
    },
  ]
  return {
    ofAddress: forAddress,
    /**
     * Where the person has signed in before, tries at the name from elsewhere do not count, nor those at other names from a
     * shared address. Tries at this name from this very address do: who shares it can keep the person out there.
     */
    forName(name: string, address: string | null, isKnown: boolean): AttemptCounter[] {
      if (address === null) return [counterFor(names, name)]
      if (isKnown) return [counterFor(known, `${name}\n${address}`)]
      return [
        ...forAddress(address),
        counterFor(names, name),
        counterFor(namesPerNetwork, `${name}\n${widestNetworkOf(address)}`),
      ]
    },
    /** Counts a try before it is made, so that many at once are counted too. */
    async withinLimits(
      counters: readonly AttemptCounter[],
      attempt: () => Promise<SignInResult>,
    ): Promise<SignInResult> {
      const ms = Math.max(0, ...counters.map((c) => c.waitMs()))
      if (ms > 0) return { kind: 'wait', ms }
      for (const c of counters) c.consume()
      const refund = () => {
        for (const c of counters) c.refund()
      }
      const answer = await attempt().catch((err): SignInResult => {
        refund()
        if (err instanceof BusyError) return { kind: 'wait', ms: BUSY_RETRY_MS }
        throw err
      })
      if (answer.kind === 'in' || answer.kind === 'second-factor') refund()
      return answer
    },
  }
}
