import { writeAudit } from '../store/audit.ts'
import { countTry, endChallenge, findChallenge, hasChallenge, isStill } from '../store/challenges.ts'
import type { Db } from '../store/db.ts'
import { SealError, type Sealer } from '../store/sealed.ts'
import { removeSecondFactor, setSecondFactor, takeRecoveryCode, takeStep } from '../store/second-factors.ts'
import { createSessionStore } from '../store/sessions.ts'
import { createUserStore, type User } from '../store/users.ts'
import { createLimiter, createNetworkLimiter } from './limiter.ts'
import { sessionCookies } from './marked-secret.ts'
import {
  newRecoveryCodes,
  newTotpSecret,
  readCode,
  recoveryHash,
  stepOfCode,
  totpUri,
} from './second-factor.ts'
import {
  ADDRESS,
  beginSession,
  CHALLENGE_MS,
  challengeCookies,
  cookieHash,
  type SignInDeps,
} from './sign-in.ts'
import type { Who } from './who.ts'

/** What came of a code. */
export type CodeAnswer =
  | { kind: 'in'; cookie: string; who: Who; recoveryCodes: string[] | null }
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
const CODES = { burst: 5, everyMs: 120_000 }
const TRIES_MAX = 5

/** What was shown in the form: parsed after opening, and only what this process sealed opens. */
interface Pending {
  name: string
  secret: string
  until: number
}

/** Undoes what the transaction has done. */
class NotProved extends Error {}
/** The challenge ended while this request waited (a second click): its code was not looked at. */
class Ended extends Error {}

/** The second factor: shown after the password, set up there where it must be, and set up or removed by who is signed in. */
export function createSecondStep(deps: SignInDeps & { sealer: Sealer }) {
  const { db, adminToken, sealer, now, refusals } = deps
  const codes = createLimiter({ ...CODES, now })
  const addresses = createNetworkLimiter({ ...ADDRESS, now })
  const users = createUserStore(db, now)
  const hashOf = (cookie: string) => cookieHash(adminToken, cookie)
  const cookies = sessionCookies(adminToken)
  const challenges = challengeCookies(adminToken)

  /**
   * Counts a code before it is looked at. Where the person has signed in before, guesses from elsewhere do not count.
   * `ms`: in how many there is one again; then none was used.
   */
  async function take(name: string, address: string | null): Promise<{ ms: number; giveBack(): void }> {
    const isKnown = await deps.places.has(name, address)
    const key = isKnown ? `${name}\n${address}` : name
    const ms = Math.max(codes.waitMs(key), addresses.waitMs(address))
    if (ms > 0) refusals.note({ where: 'second-factor', reason: 'wait', address, actor: name })
    else {
      codes.take(key)
      addresses.take(address)
    }
    return {
      ms,
      giveBack() {
        codes.giveBack(key)
        addresses.giveBack(address)
      },
    }
  }

  /** Takes a code of the person's, once. Answers what it was, or null when it is none. */
  async function use(tx: Db, user: User, typed: string): Promise<Record<string, unknown> | null> {
    const read = readCode(typed)
    if (!read || user.totpSecretSealed === null) return null
    if (read.kind === 'recovery') {
      const left = await takeRecoveryCode(tx, user.name, recoveryHash(read.code))
      return left === null ? null : { secondFactor: 'recovery-code', left }
    }
    const step = stepOfCode(sealer.open(user.totpSecretSealed), read.code, now())
    return step !== null && (await takeStep(tx, user.name, step)) ? { secondFactor: 'totp' } : null
  }

  function enrolmentOf(name: string, secret: string): Enrolment {
    const pending: Pending = { name, secret, until: now() + CHALLENGE_MS }
    return { secret, uri: totpUri(secret, name), sealed: sealer.seal(JSON.stringify(pending)) }
  }

  /** The secret that a form brings back; null when it is over, another person's, or nothing of ours. */
  function pendingSecret(sealed: string, name: string): string | null {
    try {
      // Sealed by `enrolmentOf`: what opens has its shape.
      const pending = JSON.parse(sealer.open(sealed)) as Pending
      return pending.name === name && pending.until > now() ? pending.secret : null
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
    const secret = pendingSecret(given.sealed, name)
    const read = readCode(given.code)
    if (secret === null || read?.kind !== 'totp') return null
    const step = stepOfCode(secret, read.code, now())
    if (step === null) return null
    const recovery = newRecoveryCodes()
    const isSet = await setSecondFactor(tx, name, {
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
  async function answer(
    given: { cookie: string | undefined; address: string | null },
    prove: (
      tx: Db,
      user: User,
    ) => Promise<{ details: Record<string, unknown>; recovery: string[] | null } | null>,
  ): Promise<CodeAnswer> {
    const { cookie: shown = '', address } = given
    const hash = hashOf(shown)
    const user = challenges.isOwn(shown) ? await findChallenge(db, hash, now()) : null
    if (!user) return { kind: 'over' }
    const { ms, giveBack } = await take(user.name, address)
    if (ms > 0) return { kind: 'wait', ms }
    if (!(await countTry(db, hash, TRIES_MAX))) {
      refusals.note({ where: 'second-factor', reason: 'over', address, actor: user.name })
      return { kind: 'over' }
    }
    const cookie = cookies.make()
    const proved = await db
      .transaction(async (tx) => {
        if (!(await isStill(tx, user)) || !(await hasChallenge(tx, hash))) throw new Ended()
        const fresh = await createUserStore(tx, now).find(user.name)
        const found = fresh && (await prove(tx, fresh))
        if (!found || !(await endChallenge(tx, hash))) throw new NotProved()
        await beginSession(tx, deps, { name: user.name, cookie, address, details: found.details })
        return found
      })
      .catch((err: unknown) => {
        if (err instanceof NotProved) return 'wrong' as const
        if (err instanceof Ended) return 'over' as const
        throw err
      })
    if (proved === 'over') {
      giveBack()
      return { kind: 'over' }
    }
    if (proved === 'wrong') {
      refusals.note({ where: 'second-factor', reason: 'wrong', address, actor: user.name })
      return { kind: 'wrong' }
    }
    giveBack()
    const who = { actor: user.name, role: user.role }
    return { kind: 'in', cookie, who, recoveryCodes: proved.recovery }
  }

  return {
    /** What a browser between password and second factor owes: a code, or to set one up. Null: nothing, sign in. */
    async owed(cookie: string | undefined): Promise<{ user: User; owes: 'code' | 'enrolment' } | null> {
      const user = cookie && challenges.isOwn(cookie) ? await findChallenge(db, hashOf(cookie), now()) : null
      return user && { user, owes: user.totpSecretSealed === null ? 'enrolment' : 'code' }
    },
    withCode: (given: { cookie: string | undefined; code: string; address: string | null }) =>
      answer(given, async (tx, user) => {
        const details = await use(tx, user, given.code)
        return details && { details, recovery: null }
      }),
    withEnrolment: (given: {
      cookie: string | undefined
      sealed: string
      code: string
      address: string | null
    }) =>
      answer(given, async (tx, user) => {
        const recovery = await enrol(tx, user.name, given)
        return recovery && { details: { secondFactor: 'totp' }, recovery }
      }),
    /** A new secret for the person, kept nowhere but in the page. */
    newEnrolment: (name: string): Enrolment => enrolmentOf(name, newTotpSecret()),
    /** The same one again, after a code that was wrong; null when it is over. */
    sameEnrolment(name: string, sealed: string): Enrolment | null {
      const secret = pendingSecret(sealed, name)
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
      const { ms, giveBack } = await take(name, given.address)
      if (ms > 0) return { kind: 'wait', ms }
      const recoveryCodes = await db.transaction(async (tx) => {
        const recovery = await enrol(tx, name, given)
        if (recovery) await createSessionStore(tx, now).endOthers(name, hashOf(given.session))
        return recovery
      })
      if (!recoveryCodes && (await users.find(name))?.totpSince) {
        giveBack()
        return { kind: 'is-set' }
      }
      if (!recoveryCodes) {
        refusals.note({ where: 'second-factor', reason: 'wrong', address: given.address, actor: name })
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
      const { ms, giveBack } = await take(name, given.address)
      if (ms > 0) return { kind: 'wait', ms }
      const removed = await db.transaction(async (tx) => {
        const user = await createUserStore(tx, now).find(name)
        if (!user || !(await use(tx, user, given.code))) return false
        if (!(await removeSecondFactor(tx, name, now(), { endSessions: false }))) return false
        await writeAudit(tx, { actor: name, action: 'second-factor.remove', target: name, at: now() })
        return true
      })
      if (!removed) {
        refusals.note({ where: 'second-factor', reason: 'wrong', address: given.address, actor: name })
        return { kind: 'wrong' }
      }
      giveBack()
      return { kind: 'removed' }
    },
    /** Since when the person has one, epoch ms; null: none. */
    async since(name: string): Promise<number | null> {
      const user = await users.find(name)
      return user?.totpSince ?? null
    },
  }
}
