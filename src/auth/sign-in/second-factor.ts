import type { Db } from '../../store/db.ts'
import { SealError, type Sealer } from '../../store/encryption/sealer.ts'
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
import { createAttemptLimiter, createNetworkAttemptLimiter } from '../attempt-limiter.ts'
import type { Principal } from '../principal.ts'
import { sessionTokens } from '../secrets/signed-token.ts'
import {
  beginSession,
  CHALLENGE_MS,
  challengeTokens,
  cookieHash,
  PER_ADDRESS,
  type SignInDeps,
} from './sign-in.ts'
import { newRecoveryCodes, newTotpSecret, parseCode, recoveryHash, timeStepOf, totpUri } from './totp.ts'

/** What came of a code. */
export type CodeResult =
  | { kind: 'in'; cookie: string; principal: Principal; recoveryCodes: string[] | null }
  | { kind: 'wrong' }
  | { kind: 'wait'; ms: number }
  /** Too late, too many codes, or somebody is in with it already: the password must be shown again. */
  | { kind: 'over' }

/** A secret that is shown, to be confirmed by its first code. */
export interface Enrolment {
  secret: string
  /** What the QR code says. */
  uri: string
  /** Goes with the form: the same, sealed, for this person and a short time. */
  sealed: string
}

/** Codes for one person: five, then one in two minutes; of one challenge no more than five. */
const PER_PERSON = { burst: 5, everyMs: 120_000 }
const MAX_TRIES = 5

/** What was shown in the form: parsed after opening, and only what this process sealed opens. */
interface PendingEnrolment {
  name: string
  secret: string
  expiresAt: number
}

/** Undoes what the transaction has done. */
class WrongCodeError extends Error {}
/** The challenge ended while this request waited (a second click): its code was not looked at. */
class ChallengeEndedError extends Error {}

/** The second factor: shown after the password, set up there where it must be, and set up or removed by who is signed in. */
export function createSecondFactor(deps: SignInDeps & { sealer: Sealer }) {
  const { db, adminToken, sealer, now, refusals } = deps
  const codes = createAttemptLimiter({ ...PER_PERSON, now })
  const addresses = createNetworkAttemptLimiter({ ...PER_ADDRESS, now })
  const users = createUserStore(db, now)
  const hashOf = (cookie: string) => cookieHash(adminToken, cookie)
  const cookies = sessionTokens(adminToken)
  const challenges = challengeTokens(adminToken)

  /**
   * Counts a code before it is looked at. Where the person has signed in before, guesses from elsewhere do not count.
   * `ms`: in how many there is one again; then none was used.
   */
  async function consumeAttempt(
    name: string,
    address: string | null,
  ): Promise<{ ms: number; refund(): void }> {
    const isKnown = await deps.places.has(name, address)
    const key = isKnown ? `${name}\n${address}` : name
    const ms = Math.max(codes.waitMs(key), addresses.waitMs(address))
    if (ms > 0) refusals.record({ where: 'second-factor', reason: 'wait', address, actor: name })
    else {
      codes.consume(key)
      addresses.consume(address)
    }
    return {
      ms,
      refund() {
        codes.refund(key)
        addresses.refund(address)
      },
    }
  }

  /** Takes a code of the person's, once. Answers what it was, or null when it is none. */
  async function useCode(tx: Db, user: User, typed: string): Promise<Record<string, unknown> | null> {
    const read = parseCode(typed)
    if (!read || user.totpSecretSealed === null) return null
    if (read.kind === 'recovery') {
      const left = await consumeRecoveryCode(tx, user.name, recoveryHash(read.code))
      return left === null ? null : { secondFactor: 'recovery-code', left }
    }
    const step = timeStepOf(sealer.open(user.totpSecretSealed), read.code, now())
    return step !== null && (await consumeTotpStep(tx, user.name, step)) ? { secondFactor: 'totp' } : null
  }

  function enrolmentOf(name: string, secret: string): Enrolment {
    const pending: PendingEnrolment = { name, secret, expiresAt: now() + CHALLENGE_MS }
    return { secret, uri: totpUri(secret, name), sealed: sealer.seal(JSON.stringify(pending)) }
  }

  /** The secret that a form brings back; null when it is over, another person's, or nothing of ours. */
  function openPendingSecret(sealed: string, name: string): string | null {
    try {
      // Sealed by `enrolmentOf`: what opens has its shape.
      const pending = JSON.parse(sealer.open(sealed)) as PendingEnrolment
      return pending.name === name && pending.expiresAt > now() ? pending.secret : null
    } catch (err) {
      if (err instanceof SealError || err instanceof SyntaxError) return null
      throw err
    }
  }

  /** Sets the second factor up in the caller's transaction; the recovery codes, or null when the code is wrong. */
  async function enrol(
    tx: Db,
    name: string,
    given: { sealed: string; code: string },
  ): Promise<string[] | null> {
    const secret = openPendingSecret(given.sealed, name)
    const read = parseCode(given.code)
    if (secret === null || read?.kind !== 'totp') return null
    const step = timeStepOf(secret, read.code, now())
    if (step === null) return null
    const recovery = newRecoveryCodes()
    const isSet = await enableSecondFactor(tx, name, {
      secretSealed: sealer.seal(secret),
      step,
      at: now(),
      recoveryHashes: recovery.map(recoveryHash),
    })
    if (!isSet) return null
    await writeAudit(tx, { actor: name, action: 'second-factor.set', target: name, at: now() })
    return recovery
  }

  /** Signs in whoever shows a challenge's cookie with what it asks for. */
  async function completeSignIn(
    given: { cookie: string | undefined; address: string | null },
    prove: (
      tx: Db,
      user: User,
    ) => Promise<{ details: Record<string, unknown>; recovery: string[] | null } | null>,
  ): Promise<CodeResult> {
    const { cookie: challengeCookie = '', address } = given
    const hash = hashOf(challengeCookie)
    const user = challenges.isGenuine(challengeCookie) ? await findChallenge(db, hash, now()) : null
    if (!user) return { kind: 'over' }
    const { ms, refund: giveBack } = await consumeAttempt(user.name, address)
    if (ms > 0) return { kind: 'wait', ms }
    if (!(await countAttempt(db, hash, MAX_TRIES))) {
      refusals.record({ where: 'second-factor', reason: 'over', address, actor: user.name })
      return { kind: 'over' }
    }
    const cookie = cookies.issue()
    const proved = await db
      .transaction(async (tx) => {
        if (!(await lockUnchangedUser(tx, user)) || !(await hasChallenge(tx, hash)))
          throw new ChallengeEndedError()
        const current = await createUserStore(tx, now).find(user.name)
        const found = current && (await prove(tx, current))
        if (!found || !(await deleteChallenge(tx, hash))) throw new WrongCodeError()
        await beginSession(tx, deps, { name: user.name, cookie, address, details: found.details })
        return found
      })
      .catch((err: unknown) => {
        if (err instanceof WrongCodeError) return 'wrong' as const
        if (err instanceof ChallengeEndedError) return 'over' as const
        throw err
      })
    if (proved === 'over') {
      giveBack()
      return { kind: 'over' }
    }
    if (proved === 'wrong') {
      refusals.record({ where: 'second-factor', reason: 'wrong', address, actor: user.name })
      return { kind: 'wrong' }
    }
    giveBack()
    const who = { actor: user.name, role: user.role }
    return { kind: 'in', cookie, principal: who, recoveryCodes: proved.recovery }
  }

  return {
    /** What a browser between password and second factor owes: a code, or to set one up. Null: nothing, sign in. */
    async pendingChallenge(
      cookie: string | undefined,
    ): Promise<{ user: User; needs: 'code' | 'enrolment' } | null> {
      const user =
        cookie && challenges.isGenuine(cookie) ? await findChallenge(db, hashOf(cookie), now()) : null
      return user && { user, needs: user.totpSecretSealed === null ? 'enrolment' : 'code' }
    },
    withCode: (given: { cookie: string | undefined; code: string; address: string | null }) =>
      completeSignIn(given, async (tx, user) => {
        const details = await useCode(tx, user, given.code)
        return details && { details, recovery: null }
      }),
    withEnrolment: (given: {
      cookie: string | undefined
      sealed: string
      code: string
      address: string | null
    }) =>
      completeSignIn(given, async (tx, user) => {
        const recovery = await enrol(tx, user.name, given)
        return recovery && { details: { secondFactor: 'totp' }, recovery }
      }),
    /** A new secret for the person, kept nowhere but in the page. */
    newEnrolment: (name: string): Enrolment => enrolmentOf(name, newTotpSecret()),
    /** The same one again, after a code that was wrong; null when it is over. */
    reopenEnrolment(name: string, sealed: string): Enrolment | null {
      const secret = openPendingSecret(sealed, name)
      return secret === null ? null : enrolmentOf(name, secret)
    },
    /** Sets it up for who is signed in, and ends the person's other sessions. */
    async set(
      name: string,
      given: { sealed: string; code: string; session: string; address: string | null },
    ): Promise<
      | { kind: 'set'; recoveryCodes: string[] }
      /** It is set up already, as by a first click. */
      | { kind: 'is-set' }
      | { kind: 'wrong' }
      | { kind: 'wait'; ms: number }
    > {
      const { ms, refund: giveBack } = await consumeAttempt(name, given.address)
      if (ms > 0) return { kind: 'wait', ms }
      const recoveryCodes = await db.transaction(async (tx) => {
        const recovery = await enrol(tx, name, given)
        if (recovery) await createSessionStore(tx, now).endOthers(name, hashOf(given.session))
        return recovery
      })
      if (!recoveryCodes && (await users.find(name))?.totpEnabledAt) {
        giveBack()
        return { kind: 'is-set' }
      }
      if (!recoveryCodes) {
        refusals.record({ where: 'second-factor', reason: 'wrong', address: given.address, actor: name })
        return { kind: 'wrong' }
      }
      giveBack()
      return { kind: 'set', recoveryCodes }
    },
    /** Removes it for who is signed in and shows a code. */
    async remove(
      name: string,
      given: { code: string; address: string | null },
    ): Promise<{ kind: 'removed' } | { kind: 'wrong' } | { kind: 'wait'; ms: number }> {
      const { ms, refund: giveBack } = await consumeAttempt(name, given.address)
      if (ms > 0) return { kind: 'wait', ms }
      const removed = await db.transaction(async (tx) => {
        const user = await createUserStore(tx, now).find(name)
        if (!user || !(await useCode(tx, user, given.code))) return false
        if (!(await disableSecondFactor(tx, name, now(), { endSessions: false }))) return false
        await writeAudit(tx, { actor: name, action: 'second-factor.remove', target: name, at: now() })
        return true
      })
      if (!removed) {
        refusals.record({ where: 'second-factor', reason: 'wrong', address: given.address, actor: name })
        return { kind: 'wrong' }
      }
      giveBack()
      return { kind: 'removed' }
    },
    /** Since when the person has one, epoch ms; null: none. */
    async enabledSince(name: string): Promise<number | null> {
      const user = await users.find(name)
      return user?.totpEnabledAt ?? null
    },
  }
}
