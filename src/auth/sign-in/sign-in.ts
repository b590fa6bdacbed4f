import { truncateText } from '../../shared/text.ts'
import type { Db } from '../../store/db.ts'
import { writeAudit } from '../../store/users/audit-log.ts'
import { createSessionStore } from '../../store/users/session-store.ts'
import { createChallenge, lockUnchangedUser } from '../../store/users/sign-in-challenges.ts'
import { createUserStore, type User } from '../../store/users/user-store.ts'
import { ADMIN_TOKEN_ACTOR } from '../actors.ts'
import { widestNetworkOf } from '../http/ip-networks.ts'
import type { Passwords, Requester } from '../passwords/password-hash.ts'
import { BusyError } from '../passwords/round-robin-queue.ts'
import { normalizeUserName, type Principal } from '../principal.ts'
import type { Refusals } from '../refusals.ts'
import { constantTimeEqual } from '../secrets/secret-hash.ts'
import { beginSession, CHALLENGE_MS, challengeTokens, cookieHash, sessionTokens } from './browser-session.ts'
import type { KnownLocations } from './known-locations.ts'
import { type AttemptCounter, createSignInLimits } from './sign-in-limits.ts'

export type SignInResult =
  /** `cookie`: for the browser to keep. */
  | { kind: 'in'; cookie: string; principal: Principal }
  /** The password is correct and a second factor is required; the browser sends `cookie` with it. */
  | { kind: 'second-factor'; cookie: string }
  | { kind: 'wrong' }
  /** Too many attempts: the next one is possible in `ms`. */
  | { kind: 'wait'; ms: number }

export interface SignInDeps {
  db: Db
  adminToken: string
  passwords: Passwords
  knownLocations: KnownLocations
  /** Whether users without a second factor must set one up. */
  requireSecondFactor: boolean
  now: () => number
  refusals: Refusals
}

interface PasswordAttempt {
  name: string
  password: string
  address: string | null
}

const MAX_NAME_CHARS = 64
/** How long to wait when the queue of password checks is full. */
const BUSY_RETRY_MS = 2_000

/** Sign-in of browsers, by name and password or by the admin token, and their sessions. */
export class SignIn {
  readonly #deps: SignInDeps
  readonly #limits
  readonly #sessionTokens
  readonly #challengeTokens

  constructor(deps: SignInDeps) {
    this.#deps = deps
    this.#limits = createSignInLimits(deps.now)
    this.#sessionTokens = sessionTokens(deps.adminToken)
    this.#challengeTokens = challengeTokens(deps.adminToken)
  }

  async withPassword({ name: typed, password, address }: PasswordAttempt): Promise<SignInResult> {
    const { knownLocations, refusals } = this.#deps
    const name = truncateText(normalizeUserName(typed), MAX_NAME_CHARS)
    const isKnown = await knownLocations.has(name, address)
    const counters = this.#limits.forName(name, address, isKnown)
    const result = await withinLimits(counters, () =>
      this.#checkPassword({ name, password, address }, isKnown),
    )
    if (result.kind === 'wrong' || result.kind === 'wait')
      refusals.record({ where: 'sign-in', reason: result.kind, address })
    return result
  }

  async withToken({ token, address }: { token: string; address: string | null }): Promise<SignInResult> {
    const { db, adminToken, refusals } = this.#deps
    // Checked before the limit: wrong attempts of others behind a shared address must not lock the holder out.
    if (constantTimeEqual(token, adminToken)) {
      const cookie = this.#sessionTokens.issue()
      const session = { name: ADMIN_TOKEN_ACTOR, cookie, address: null }
      await db.transaction((tx) => beginSession(tx, this.#deps, session))
      return { kind: 'in', cookie, principal: { actor: ADMIN_TOKEN_ACTOR, role: 'admin' } }
    }
    const wrong = async (): Promise<SignInResult> => ({ kind: 'wrong' })
    const result = await withinLimits(this.#limits.forAddress(address), wrong)
    refusals.record({ where: 'sign-in', reason: result.kind === 'wait' ? 'wait' : 'wrong', address })
    return result
  }

  /** Whom a session cookie identifies, as of now: a disabled user or a new role counts at once. */
  async principalOf(cookie: string | undefined): Promise<Principal | null> {
    const { db, adminToken, now } = this.#deps
    // A forged cookie costs no query.
    if (!cookie || !this.#sessionTokens.isGenuine(cookie)) return null
    const found = await createSessionStore(db, now).find(cookieHash(adminToken, cookie))
    if (!found) return null
    if (found.userName === ADMIN_TOKEN_ACTOR) return { actor: ADMIN_TOKEN_ACTOR, role: 'admin' }
    if (found.user?.disabledAt !== null) return null
    const { name, role, language, theme } = found.user
    return { actor: name, role, preferences: { language, theme } }
  }

  async signOut(cookie: string | undefined): Promise<void> {
    const { db, adminToken, now } = this.#deps
    if (!cookie || !this.#sessionTokens.isGenuine(cookie)) return
    const hash = cookieHash(adminToken, cookie)
    const found = await createSessionStore(db, now).find(hash)
    await db.transaction(async (tx) => {
      if (!(await createSessionStore(tx, now).end(hash)) || !found) return
      const actor = found.userName
      await writeAudit(tx, { actor, action: 'session.end', target: actor, at: now() })
    })
  }

  async #checkPassword(attempt: PasswordAttempt, isKnown: boolean): Promise<SignInResult> {
    const { db, now, passwords, requireSecondFactor } = this.#deps
    const { name, password, address } = attempt
    const found = await createUserStore(db, now).find(name)
    const user = found?.disabledAt === null ? found : null
    const requester = requesterOf(name, address, isKnown)
    const isCorrect = await passwords.verify(password, user?.passwordHash ?? null, requester)
    if (!isCorrect || !user) return { kind: 'wrong' }
    if (user.totpSecretSealed !== null || requireSecondFactor) return this.#startChallenge(user)
    const cookie = this.#sessionTokens.issue()
    const hasStarted = await db.transaction(async (tx) => {
      if (!(await lockUnchangedUser(tx, user))) return false
      await beginSession(tx, this.#deps, { name: user.name, cookie, address })
      return true
    })
    if (!hasStarted) return { kind: 'wrong' }
    return { kind: 'in', cookie, principal: { actor: user.name, role: user.role } }
  }

  async #startChallenge(user: User): Promise<SignInResult> {
    const { db, adminToken, now } = this.#deps
    const cookie = this.#challengeTokens.issue()
    const hash = cookieHash(adminToken, cookie)
    const lifetime = { now: now(), lifetimeMs: CHALLENGE_MS }
    const hasStarted = await db.transaction((tx) => createChallenge(tx, user, hash, lifetime))
    return hasStarted ? { kind: 'second-factor', cookie } : { kind: 'wrong' }
  }
}

/** Password checks are shared fairly between people at known locations, and between networks elsewhere. */
function requesterOf(name: string, address: string | null, isKnown: boolean): Requester {
  if (isKnown) return { isKnown, queueKey: name }
  return { isKnown, queueKey: address === null ? '' : widestNetworkOf(address) }
}

/** Counts an attempt before it is made, so that concurrent ones count too; a correct one is refunded. */
async function withinLimits(
  counters: readonly AttemptCounter[],
  attempt: () => Promise<SignInResult>,
): Promise<SignInResult> {
  const ms = Math.max(0, ...counters.map((c) => c.waitMs()))
  if (ms > 0) return { kind: 'wait', ms }
  for (const counter of counters) counter.consume()
  const refund = () => {
    for (const counter of counters) counter.refund()
  }
  const result = await attempt().catch((err): SignInResult => {
    refund()
    if (err instanceof BusyError) return { kind: 'wait', ms: BUSY_RETRY_MS }
    throw err
  })
  if (result.kind === 'in' || result.kind === 'second-factor') refund()
  return result
}
