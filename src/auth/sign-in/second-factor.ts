import type { Db } from '../../store/db.ts'
import type { Sealer } from '../../store/encryption/sealer.ts'
import { writeAudit } from '../../store/users/audit-log.ts'
import {
  consumeRecoveryCode,
  consumeTotpStep,
  disableSecondFactor,
  enableSecondFactor,
} from '../../store/users/second-factors.ts'
import { createSessionStore } from '../../store/users/session-store.ts'
import {
  countAttempt,
  deleteChallenge,
  findChallenge,
  hasChallenge,
  lockUnchangedUser,
} from '../../store/users/sign-in-challenges.ts'
import { createUserStore, type User } from '../../store/users/user-store.ts'
import type { Principal } from '../principal.ts'
import { beginSession, challengeTokens, cookieHash, sessionTokens } from './browser-session.ts'
import { CodeAttempts } from './code-attempts.ts'
import { Enrolments } from './enrolments.ts'
import type { SignInDeps } from './sign-in.ts'
import { newRecoveryCodes, parseCode, recoveryHash, timeStepOf } from './totp.ts'

export type CodeResult =
  | { kind: 'in'; cookie: string; principal: Principal; recoveryCodes: string[] | null }
  | { kind: 'wrong' }
  | { kind: 'wait'; ms: number }
  /** Too late, too many codes, or used already: the password is required again. */
  | { kind: 'over' }

export type EnableResult =
  | { kind: 'set'; recoveryCodes: string[] }
  /** It is enabled already, for example by a first click. */
  | { kind: 'is-set' }
  | { kind: 'wrong' }
  | { kind: 'wait'; ms: number }

export type DisableResult = { kind: 'removed' } | { kind: 'wrong' } | { kind: 'wait'; ms: number }

/** A code as typed, with the cookie and address it came with. */
interface SubmittedCode {
  cookie: string | undefined
  code: string
  address: string | null
}

/** What proves the second factor: `details` for the audit log, and new recovery codes when it was just set up. */
interface Proof {
  details: Record<string, unknown>
  recoveryCodes: string[] | null
}

const MAX_TRIES_PER_CHALLENGE = 5

/** Rolls the transaction back: the code is wrong. */
class WrongCodeError extends Error {}
/** Rolls the transaction back: the challenge ended meanwhile (a second click), so the code was not checked. */
class ChallengeEndedError extends Error {}

/** The second factor: asked for after the password, set up there if required, and enabled or disabled by signed-in users. */
export class SecondFactor {
  readonly #deps: SignInDeps & { sealer: Sealer }
  readonly #attempts
  readonly #sessionTokens
  readonly #challengeTokens
  readonly enrolments

  constructor(deps: SignInDeps & { sealer: Sealer }) {
    this.#deps = deps
    this.#attempts = new CodeAttempts(deps)
    this.#sessionTokens = sessionTokens(deps.adminToken)
    this.#challengeTokens = challengeTokens(deps.adminToken)
    this.enrolments = new Enrolments(deps.sealer, deps.now)
  }

  /** What a browser between password and second factor must show: a code, or a new set-up. Null: it must sign in. */
  async pendingChallenge(
    cookie: string | undefined,
  ): Promise<{ user: User; needs: 'code' | 'enrolment' } | null> {
    const user = await this.#challengedUser(cookie)
    return user && { user, needs: user.totpSecretSealed === null ? 'enrolment' : 'code' }
  }

  /** Completes a sign-in with a code. */
  withCode(submitted: SubmittedCode): Promise<CodeResult> {
    return this.#completeSignIn(submitted, async (tx, user) => {
      const details = await this.#useCode(tx, user, submitted.code)
      return details && { details, recoveryCodes: null }
    })
  }

  /** Completes a sign-in by setting up the second factor. */
  withEnrolment(submitted: SubmittedCode & { sealed: string }): Promise<CodeResult> {
    return this.#completeSignIn(submitted, async (tx, user) => {
      const recoveryCodes = await this.#enrol(tx, user.name, submitted)
      return recoveryCodes && { details: { secondFactor: 'totp' }, recoveryCodes }
    })
  }

  /** Enables it for a signed-in user, and ends the user's other sessions. */
  async enable(
    name: string,
    given: { sealed: string; code: string; session: string; address: string | null },
  ): Promise<EnableResult> {
    const { db, adminToken, now } = this.#deps
    const attempt = await this.#attempts.consume(name, given.address)
    if (attempt.waitMs > 0) return { kind: 'wait', ms: attempt.waitMs }
    const recoveryCodes = await db.transaction(async (tx) => {
      const codes = await this.#enrol(tx, name, given)
      if (codes) await createSessionStore(tx, now).endOthers(name, cookieHash(adminToken, given.session))
      return codes
    })
    if (!recoveryCodes && (await this.enabledSince(name)) === null) return this.#wrong(name, given.address)
    attempt.refund()
    return recoveryCodes ? { kind: 'set', recoveryCodes } : { kind: 'is-set' }
  }

  /** Disables it for a signed-in user who shows a code. */
  async disable(name: string, given: { code: string; address: string | null }): Promise<DisableResult> {
    const { db, now } = this.#deps
    const attempt = await this.#attempts.consume(name, given.address)
    if (attempt.waitMs > 0) return { kind: 'wait', ms: attempt.waitMs }
    const isRemoved = await db.transaction(async (tx) => {
      const user = await createUserStore(tx, now).find(name)
      if (!user || !(await this.#useCode(tx, user, given.code))) return false
      if (!(await disableSecondFactor(tx, name, now(), { endSessions: false }))) return false
      await writeAudit(tx, { actor: name, action: 'second-factor.remove', target: name, at: now() })
      return true
    })
    if (!isRemoved) return this.#wrong(name, given.address)
    attempt.refund()
    return { kind: 'removed' }
  }

  /** Since when the user has one, epoch ms; null: none. */
  async enabledSince(name: string): Promise<number | null> {
    const user = await createUserStore(this.#deps.db, this.#deps.now).find(name)
    return user?.totpEnabledAt ?? null
  }

  async #challengedUser(cookie: string | undefined): Promise<User | null> {
    const { db, adminToken, now } = this.#deps
    if (!cookie || !this.#challengeTokens.isGenuine(cookie)) return null
    return findChallenge(db, cookieHash(adminToken, cookie), now())
  }

  async #completeSignIn(
    { cookie: challengeCookie = '', address }: SubmittedCode,
    prove: (tx: Db, user: User) => Promise<Proof | null>,
  ): Promise<CodeResult> {
    const { db, adminToken, refusals } = this.#deps
    const hash = cookieHash(adminToken, challengeCookie)
    const user = await this.#challengedUser(challengeCookie)
    if (!user) return { kind: 'over' }
    const attempt = await this.#attempts.consume(user.name, address)
    if (attempt.waitMs > 0) return { kind: 'wait', ms: attempt.waitMs }
    if (!(await countAttempt(db, hash, MAX_TRIES_PER_CHALLENGE))) {
      if (await hasChallenge(db, hash))
        refusals.record({ where: 'second-factor', reason: 'over', address, actor: user.name })
      // A second click, and the first was answered meanwhile: the code was not checked.
      else attempt.refund()
      return { kind: 'over' }
    }
    const cookie = this.#sessionTokens.issue()
    try {
      const proof = await this.#beginProvedSession({ user, hash, cookie, address }, prove)
      attempt.refund()
      const principal = { actor: user.name, role: user.role }
      return { kind: 'in', cookie, principal, recoveryCodes: proof.recoveryCodes }
    } catch (err) {
      if (err instanceof WrongCodeError) return this.#wrong(user.name, address)
      if (!(err instanceof ChallengeEndedError)) throw err
      attempt.refund()
      return { kind: 'over' }
    }
  }

  /** One transaction: the proof, the end of the challenge and the new session. */
  async #beginProvedSession(
    { user, hash, cookie, address }: { user: User; hash: string; cookie: string; address: string | null },
    prove: (tx: Db, user: User) => Promise<Proof | null>,
  ): Promise<Proof> {
    const { db, now } = this.#deps
    return db.transaction(async (tx) => {
      if (!(await lockUnchangedUser(tx, user)) || !(await hasChallenge(tx, hash)))
        throw new ChallengeEndedError()
      const current = await createUserStore(tx, now).find(user.name)
      const proof = current && (await prove(tx, current))
      if (!proof || !(await deleteChallenge(tx, hash))) throw new WrongCodeError()
      await beginSession(tx, this.#deps, { name: user.name, cookie, address, details: proof.details })
      return proof
    })
  }

  /** Uses up a code of the user. Returns what it was, for the audit log; null when it is wrong. */
  async #useCode(tx: Db, user: User, typed: string): Promise<Record<string, unknown> | null> {
    const parsed = parseCode(typed)
    if (!parsed || user.totpSecretSealed === null) return null
    if (parsed.kind === 'recovery') {
      const left = await consumeRecoveryCode(tx, user.name, recoveryHash(parsed.code))
      return left === null ? null : { secondFactor: 'recovery-code', left }
    }
    const { sealer, now } = this.#deps
    const step = timeStepOf(sealer.open(user.totpSecretSealed), parsed.code, now())
    return step !== null && (await consumeTotpStep(tx, user.name, step)) ? { secondFactor: 'totp' } : null
  }

  /** Stores the secret of a form in the caller's transaction. Returns recovery codes; null when the code is wrong. */
  async #enrol(tx: Db, name: string, given: { sealed: string; code: string }): Promise<string[] | null> {
    const { sealer, now } = this.#deps
    const secret = this.enrolments.secretOf(name, given.sealed)
    const parsed = parseCode(given.code)
    if (secret === null || parsed?.kind !== 'totp') return null
    const step = timeStepOf(secret, parsed.code, now())
    if (step === null) return null
    const recoveryCodes = newRecoveryCodes()
    const isSet = await enableSecondFactor(tx, name, {
      secretSealed: sealer.seal(secret),
      step,
      at: now(),
      recoveryHashes: recoveryCodes.map(recoveryHash),
    })
    if (!isSet) return null
    await writeAudit(tx, { actor: name, action: 'second-factor.set', target: name, at: now() })
    return recoveryCodes
  }

  #wrong(name: string, address: string | null): { kind: 'wrong' } {
    this.#deps.refusals.record({ where: 'second-factor', reason: 'wrong', address, actor: name })
    return { kind: 'wrong' }
  }
}
