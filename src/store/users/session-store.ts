import { and, eq, gt, lte, ne } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { sessions, users } from '../schema.ts'
import type { User } from './user-store.ts'

/** Signed-in browsers, by the hash of their cookie. */
export function createSessionStore(db: Db, now: () => number) {
  return {
    /** Creates a session of a user, who must be checked in the same transaction, or of the admin token. Deletes expired sessions. */
    async create(hash: string, userName: string, lifetimeMs: number): Promise<void> {
      const at = now()
      await db.delete(sessions).where(lte(sessions.expiresAt, at))
      await db.insert(sessions).values({ hash, userName, createdAt: at, expiresAt: at + lifetimeMs })
    },
    /** The session and its user now; null when the session has expired or is unknown. */
    async find(hash: string): Promise<{ userName: string; user: User | null } | null> {
      const [row] = await db
        .select({ userName: sessions.userName, user: users })
        .from(sessions)
        .leftJoin(users, eq(users.name, sessions.userName))
        .where(and(eq(sessions.hash, hash), gt(sessions.expiresAt, now())))
      return row ?? null
    },
    /** False when there was none. */
    async end(hash: string): Promise<boolean> {
      const ended = await db
        .delete(sessions)
        .where(eq(sessions.hash, hash))
        .returning({ hash: sessions.hash })
      return ended.length > 0
    },
    /** Ends the other sessions of a user. */
    async endOthers(userName: string, hash: string): Promise<void> {
      await db.delete(sessions).where(and(eq(sessions.userName, userName), ne(sessions.hash, hash)))
    },
  }
}
