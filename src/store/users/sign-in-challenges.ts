import { and, eq, gt, isNull, lt, lte, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { signInChallenges, users } from '../schema.ts'
import type { User } from './user-store.ts'

/**
 * Creates a challenge: a sign-in with the right password that still needs a second factor. A new password, disabling the user
 * and a reset of the second factor delete it.
 * @returns false when the password was changed, or the user disabled, meanwhile
 */
export async function createChallenge(
  tx: Db,
  user: Pick<User, 'name' | 'passwordHash'>,
  hash: string,
  { now, lifetimeMs }: { now: number; lifetimeMs: number },
): Promise<boolean> {
  await tx.delete(signInChallenges).where(lte(signInChallenges.expiresAt, now))
  if (!(await lockUnchangedUser(tx, user))) return false
  await tx.insert(signInChallenges).values({ hash, userName: user.name, expiresAt: now + lifetimeMs })
  return true
}

/** The user of a challenge now; null when it has expired or is unknown, or the user is disabled. */
export async function findChallenge(db: Db, hash: string, now: number): Promise<User | null> {
  const [row] = await db
    .select({ user: users })
    .from(signInChallenges)
    .innerJoin(users, eq(users.name, signInChallenges.userName))
    .where(
      and(eq(signInChallenges.hash, hash), gt(signInChallenges.expiresAt, now), isNull(users.disabledAt)),
    )
  return row?.user ?? null
}

/**
 * Whether a challenge exists. In a transaction that has locked the user's row (`lockUnchangedUser`) this stays true until its
 * end, because every answer to a challenge locks the row first.
 */
export async function hasChallenge(tx: Db, hash: string): Promise<boolean> {
  const found = await tx
    .select({ hash: signInChallenges.hash })
    .from(signInChallenges)
    .where(eq(signInChallenges.hash, hash))
  return found.length > 0
}

/** Counts a code before it is checked. False after `maxAttempts`: the user must sign in again. */
export async function countAttempt(db: Db, hash: string, maxAttempts: number): Promise<boolean> {
  const counted = await db
    .update(signInChallenges)
    .set({ attempts: sql`${signInChallenges.attempts} + 1` })
    .where(and(eq(signInChallenges.hash, hash), lt(signInChallenges.attempts, maxAttempts)))
    .returning({ hash: signInChallenges.hash })
  return counted.length > 0
}

/** Deletes a challenge. False when it no longer exists. */
export async function deleteChallenge(tx: Db, hash: string): Promise<boolean> {
  const ended = await tx
    .delete(signInChallenges)
    .where(eq(signInChallenges.hash, hash))
    .returning({ hash: signInChallenges.hash })
  return ended.length > 0
}

/** Locks the user's row. False when the password was changed, or the user disabled, meanwhile. */
export async function lockUnchangedUser(tx: Db, user: Pick<User, 'name' | 'passwordHash'>): Promise<boolean> {
  const found = await tx
    .select({ name: users.name })
    .from(users)
    .where(
      and(eq(users.name, user.name), eq(users.passwordHash, user.passwordHash), isNull(users.disabledAt)),
    )
    .for('update')
  return found.length > 0
}
