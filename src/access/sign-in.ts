import { writeAudit } from '../store/audit.ts'
import { beginChallenge, isStill } from '../store/challenges.ts'
import type { Db } from '../store/db.ts'
import { createSessionStore } from '../store/sessions.ts'
import { createUserStore, type User } from '../store/users.ts'
import { cutText } from '../text.ts'
import { BusyError } from './fair-lane.ts'
import type { KnownPlaces } from './known-places.ts'
import { createLimiter, createNetworkLimiter, type Limiter } from './limiter.ts'
import { createMarkedSecrets, type MarkedSecrets, sessionCookies } from './marked-secret.ts'
import { widestOf } from './networks.ts'
import type { Asker, Passwords } from './password.ts'
import type { Refusals } from './refusals.ts'
import { keyedHash, sameText } from './secret-text.ts'
import { ADMIN_TOKEN_ACTOR, nameKey, type Who } from './who.ts'

export type SignedIn =
  /** `cookie`: what the browser keeps. */
  | { kind: 'in'; cookie: string; who: Who }
  /** The password is right, and a second factor is asked for; `cookie`: what the browser shows with it. */
  | { kind: 'second-factor'; cookie: string }
  | { kind: 'wrong' }
  /** Too many tries; there is one again in so many ms. */
  | { kind: 'wait'; ms: number }

export interface SignIn {
  withPassword(given: { name: string; password: string; address: string | null }): Promise<SignedIn>
  withToken(given: { token: string; address: string | null }): Promise<SignedIn>
  /** Who a cookie belongs to, as of now: disabling and another role count at once. */
  whose(cookie: string | undefined): Promise<Who | null>
  signOut(cookie: string | undefined): Promise<void>
}

const SESSION_MS = 12 * 3_600_000
/** Between the password and the second factor: long enough to set up an app. */
export const CHALLENGE_MS = 10 * 60_000
/** Of one address: ten tries, then one in ten seconds; of one IPv6 /48 three times as many. */
export const ADDRESS = { burst: 10, everyMs: 10_000 }
/** For one name, from anywhere where nobody of that name has signed in: twenty, then one in half a minute. */
const NAME = { burst: 20, everyMs: 30_000 }
/**
 * For one name from one network: slower than the name's tries come back. So one network alone never uses them up, and its
 * guesses keep the person out nowhere else.
 */
const NAME_AND_NETWORK = { burst: 15, everyMs: 60_000 }
const NAME_MAX = 64
const BUSY_MS = 2_000

export interface SignInDeps {
  db: Db
  adminToken: string
  passwords: Passwords
  places: KnownPlaces
  /** Whether people without a second factor must set one up. */
  requireSecondFactor: boolean
  now: () => number
  refusals: Refusals
}

/** A hash of a cookie under a key of the admin token: with another token every session is over. */
export const cookieHash = (adminToken: string, cookie: string): string => keyedHash(adminToken, cookie)

/** What browsers keep between the password and the second factor. */
export const challengeCookies = (adminToken: string): MarkedSecrets =>
  createMarkedSecrets(adminToken, 'challenge')

/** Sign-in of browsers, with a name and password or with the admin token, and their sessions. */
export function createSignIn(deps: SignInDeps): SignIn {
  const { db, adminToken, passwords, now, refusals } = deps
  const users = createUserStore(db, now)
  const sessions = createSessionStore(db, now)
  const limits = createSignInLimits(now)
  const hashOf = (cookie: string) => cookieHash(adminToken, cookie)
  const cookies = sessionCookies(adminToken)
  const challenges = challengeCookies(adminToken)

  async function checked(
    { name, password, address }: { name: string; password: string; address: string | null },
    isKnown: boolean,
  ): Promise<SignedIn> {
    const found = await users.find(name)
    const user = found?.disabledAt === null ? found : null
    const right = await passwords.verify(
      password,
      user?.passwordHash ?? null,
      askerOf(name, address, isKnown),
    )
    if (!right || !user) return { kind: 'wrong' }
    if (user.totpSecretSealed !== null || deps.requireSecondFactor) return challenge(user)
    const cookie = cookies.make()
    const began = await db.transaction(async (tx) => {
      if (!(await isStill(tx, user))) return false
      await beginSession(tx, deps, { name: user.name, cookie, address })
      return true
    })
    return began ? { kind: 'in', cookie, who: { actor: user.name, role: user.role } } : { kind: 'wrong' }
  }

  async function challenge(user: User): Promise<SignedIn> {
    const cookie = challenges.make()
    const hash = hashOf(cookie)
    const began = await db.transaction((tx) =>
      beginChallenge(tx, user, hash, { now: now(), lifeMs: CHALLENGE_MS }),
    )
    return began ? { kind: 'second-factor', cookie } : { kind: 'wrong' }
  }

  return {
    async withPassword({ name: given, password, address }) {
      const name = cutText(nameKey(given), NAME_MAX)
      const isKnown = await deps.places.has(name, address)
      const answer = await limits.guarded(limits.ofName(name, address, isKnown), () =>
        checked({ name, password, address }, isKnown),
      )
      if (answer.kind === 'wrong' || answer.kind === 'wait')
        refusals.note({ where: 'sign-in', reason: answer.kind, address })
      return answer
    },
    async withToken({ token, address }) {
      // Before the limiter: others' wrong tries from a shared address must not keep its holder out.
      if (sameText(token, adminToken)) {
        const cookie = cookies.make()
        await db.transaction((tx) =>
          beginSession(tx, deps, { name: ADMIN_TOKEN_ACTOR, cookie, address: null }),
        )
        return { kind: 'in', cookie, who: { actor: ADMIN_TOKEN_ACTOR, role: 'admin' } }
      }
      const answer = await limits.guarded(limits.ofAddress(address), async () => ({ kind: 'wrong' as const }))
      refusals.note({ where: 'sign-in', reason: answer.kind === 'wait' ? 'wait' : 'wrong', address })
      return answer
    },
    async whose(cookie) {
      // A made-up one costs no look into the store.
      if (!cookie || !cookies.isOwn(cookie)) return null
      const found = await sessions.find(hashOf(cookie))
      if (!found) return null
      if (found.userName === ADMIN_TOKEN_ACTOR) return { actor: ADMIN_TOKEN_ACTOR, role: 'admin' }
      if (found.user?.disabledAt !== null) return null
      return { actor: found.user.name, role: found.user.role }
    },
    async signOut(cookie) {
      if (!cookie || !cookies.isOwn(cookie)) return
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
  await createSessionStore(tx, now).begin(cookieHash(adminToken, cookie), name, SESSION_MS)
  await places.note(tx, name, address)
  await writeAudit(tx, { actor: name, action: 'session.begin', target: name, details, at: now() })
}

/** At a known place persons take turns, elsewhere networks do. */
function askerOf(name: string, address: string | null, isKnown: boolean): Asker {
  return { isKnown, party: isKnown ? name : address === null ? '' : widestOf(address) }
}

type Count = Pick<Limiter, 'waitMs' | 'take' | 'giveBack'>
/** What a try is counted by. */
type Counted = { waitMs(): number; take(): void; giveBack(): void }

function createSignInLimits(now: () => number) {
  const addresses = createNetworkLimiter({ ...ADDRESS, now })
  const known = createLimiter({ ...ADDRESS, now })
  const names = createLimiter({ ...NAME, now })
  const pairs = createLimiter({ ...NAME_AND_NETWORK, now })
  const by = (limiter: Count, key: string): Counted => ({
    waitMs: () => limiter.waitMs(key),
    take: () => limiter.take(key),
    giveBack: () => limiter.giveBack(key),
  })
  const ofAddress = (address: string | null): Counted[] => [
    {
      waitMs: () => addresses.waitMs(address),
      take: () => addresses.take(address),
      giveBack: () => addresses.giveBack(address),
    },
  ]
  return {
    ofAddress,
    /**
     * Where the person has signed in before, tries at the name from elsewhere do not count, nor those at other names from a
     * shared address. Tries at this name from this very address do: who shares it can keep the person out there.
     */
    ofName(name: string, address: string | null, isKnown: boolean): Counted[] {
      if (address === null) return [by(names, name)]
      if (isKnown) return [by(known, `${name}\n${address}`)]
      return [...ofAddress(address), by(names, name), by(pairs, `${name}\n${widestOf(address)}`)]
    },
    /** Counts a try before it is made, so that many at once are counted too. */
    async guarded(counted: readonly Counted[], attempt: () => Promise<SignedIn>): Promise<SignedIn> {
      const ms = Math.max(0, ...counted.map((c) => c.waitMs()))
      if (ms > 0) return { kind: 'wait', ms }
      for (const c of counted) c.take()
      const giveBack = () => {
        for (const c of counted) c.giveBack()
      }
      const answer = await attempt().catch((err): SignedIn => {
        giveBack()
        if (err instanceof BusyError) return { kind: 'wait', ms: BUSY_MS }
        throw err
      })
      if (answer.kind === 'in' || answer.kind === 'second-factor') giveBack()
      return answer
    },
  }
}
