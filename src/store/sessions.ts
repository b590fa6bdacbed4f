import { and, eq, gt, isNull, lte } from 'drizzle-orm'
import type { Db } from './db.ts'
import { sessions, users } from './schema.ts'
import type { User } from './users.ts'

export type SessionStore = ReturnType<typeof createSessionStore>

/** Browsers that are signed in, by a hash of what their cookie holds. */
export function createSessionStore(db: Db, now: () => number) {
  const begin = (hash: string, userName: string, lifeMs: number) => ({
    hash,
    userName,
    createdAt: now(),
    expiresAt: now() + lifeMs,
  })
  return {
    /** Of somebody who is no user: the holder of the admin token. Those that are over go. */
    async begin(hash: string, userName: string, lifeMs: number): Promise<void> {
      await db.delete(sessions).where(lte(sessions.expiresAt, now()))
      await db.insert(sessions).values(begin(hash, userName, lifeMs))
    },
    /** False when the password that was tried is the user's no longer, or the user was disabled meanwhile. */
    async beginOf(user: Pick<User, 'name' | 'passwordHash'>, hash: string, lifeMs: number): Promise<boolean> {
      await db.delete(sessions).where(lte(sessions.expiresAt, now()))
      return db.transaction(async (tx) => {
        const [still] = await tx
          .select({ name: users.name })
          .from(users)
          .where(
            and(
              eq(users.name, user.name),
              eq(users.passwordHash, user.passwordHash),
              isNull(users.disabledAt),
            ),
          )
          .for('update')
        if (!still) return false
        await tx.insert(sessions).values(begin(hash, user.name, lifeMs))
        return true
      })
    },
    /** Whose session it is, with the user as of now; null when it is over or unknown. */
    async find(hash: string): Promise<{ userName: string; user: User | null } | null> {
      const [row] = await db
        .select({ userName: sessions.userName, user: users })
        .from(sessions)
        .leftJoin(users, eq(users.name, sessions.userName))
        .where(and(eq(sessions.hash, hash), gt(sessions.expiresAt, now())))
      return row ?? null
    },
    async end(hash: string): Promise<void> {
      await db.delete(sessions).where(eq(sessions.hash, hash))
    },
  }
}
