import { and, count, eq, isNotNull, isNull, lt, or } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { recoveryCodes, sessions, signInChallenges, users } from '../schema.ts'

/**
 * Enables the second factor of a user, with an encrypted secret and hashed recovery codes. False when it is enabled already.
 * @param enrolment.step the time step of the code that confirmed it
 */
export async function enableSecondFactor(
  tx: Db,
  name: string,
  enrolment: { secretSealed: string; step: number; at: number; recoveryHashes: readonly string[] },
): Promise<boolean> {
  const set = await tx
    .update(users)
    .set({
      totpSecretSealed: enrolment.secretSealed,
      totpEnabledAt: enrolment.at,
      totpLastStep: enrolment.step,
      updatedAt: enrolment.at,
    })
    .where(and(eq(users.name, name), isNull(users.totpSecretSealed), isNull(users.disabledAt)))
    .returning({ name: users.name })
  if (set.length === 0) return false
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userName, name))
  await tx.insert(recoveryCodes).values(enrolment.recoveryHashes.map((hash) => ({ hash, userName: name })))
  return true
}

/** Consumes the code of a time step. False when that step, or a later one, was consumed before. */
export async function consumeTotpStep(tx: Db, name: string, step: number): Promise<boolean> {
  const consumed = await tx
    .update(users)
    .set({ totpLastStep: step })
    .where(
      and(
        eq(users.name, name),
        isNotNull(users.totpSecretSealed),
        or(isNull(users.totpLastStep), lt(users.totpLastStep, step)),
      ),
    )
    .returning({ name: users.name })
  return consumed.length > 0
}

/** Consumes a recovery code. @returns how many are left; null when the code is not valid */
export async function consumeRecoveryCode(tx: Db, name: string, hash: string): Promise<number | null> {
  const consumed = await tx
    .delete(recoveryCodes)
    .where(and(eq(recoveryCodes.hash, hash), eq(recoveryCodes.userName, name)))
    .returning({ hash: recoveryCodes.hash })
  if (consumed.length === 0) return null
  const [left] = await tx.select({ n: count() }).from(recoveryCodes).where(eq(recoveryCodes.userName, name))
  return left?.n ?? 0
}

/** Disables the second factor of a user. False when none was enabled. `endSessions`: also ends the user's sessions. */
export async function disableSecondFactor(
  tx: Db,
  name: string,
  at: number,
  { endSessions }: { endSessions: boolean },
): Promise<boolean> {
  const reset = await tx
    .update(users)
    .set({ totpSecretSealed: null, totpEnabledAt: null, totpLastStep: null, updatedAt: at })
    .where(and(eq(users.name, name), isNotNull(users.totpSecretSealed)))
    .returning({ name: users.name })
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userName, name))
  if (endSessions) {
    await tx.delete(sessions).where(eq(sessions.userName, name))
    await tx.delete(signInChallenges).where(eq(signInChallenges.userName, name))
  }
  return reset.length > 0
}
