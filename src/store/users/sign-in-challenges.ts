import { and, eq, gt, isNull, lt, lte, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { signInChallenges, users } from '../schema.ts'
import type { User } from './user-store.ts'

/**
 * Browsers that showed the right password and still need a second factor. A new password, disabling and a reset of the second
 * factor delete a person's.
 */

/** False when the password that was tried is the user's no longer, or the user was disabled meanwhile. */
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

/** The challenge's user as of now; null when it has expired or is unknown, or the user was disabled. */
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
 * Whether it is there. Asked in a transaction that has the user's row (`isStill`), it stays so until that one ends: every
 * answer to it takes the row first.
 */
export async function hasChallenge(tx: Db, hash: string): Promise<boolean> {
  const found = await tx
    .select({ hash: signInChallenges.hash })
    .from(signInChallenges)
    .where(eq(signInChallenges.hash, hash))
  return found.length > 0
}

/** Counts a code before it is looked at; false when there were as many as may be: the password must be shown again. */
export async function countAttempt(db: Db, hash: string, maxAttempts: number): Promise<boolean> {
  const counted = await db
    .update(signInChallenges)
    .set({ attempts: sql`${signInChallenges.attempts} + 1` })
    .where(and(eq(signInChallenges.hash, hash), lt(signInChallenges.attempts, maxAttempts)))
    .returning({ hash: signInChallenges.hash })
  return counted.length > 0
}

/** Ends it; false when it was over, or another request has just ended it. */
export async function deleteChallenge(tx: Db, hash: string): Promise<boolean> {
  const ended = await tx
    .delete(signInChallenges)
    .where(eq(signInChallenges.hash, hash))
    .returning({ hash: signInChallenges.hash })
  return ended.length > 0
}

/** Locks the user's row while the password is still the one that was tried. */
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
