import { asc, eq, gt } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { recoveryCodes, sessions, signInChallenges, signInLocations, users } from '../schema.ts'

export type User = typeof users.$inferSelect

/** Users. A change that ends a user's sessions ends them in the same transaction. */
export function createUserStore(db: Db, now: () => number) {
  return {
    async find(name: string): Promise<User | null> {
      const [user] = await db.select().from(users).where(eq(users.name, name))
      return user ?? null
    },
    list: ({ after = '', limit }: { after?: string; limit: number }): Promise<User[]> =>
      db.select().from(users).where(gt(users.name, after)).orderBy(asc(users.name)).limit(limit),
    /** Null when the name is in use. */
    async add(user: Pick<User, 'name' | 'role' | 'passwordHash'>): Promise<User | null> {
      const at = now()
      const [added] = await db
        .insert(users)
        .values({ ...user, createdAt: at, updatedAt: at })
        .onConflictDoNothing()
        .returning()
      return added ?? null
    },
    /** A new password and `disabled` end the user's sessions. A role applies from the next request. Null: no such user. */
    change(
      name: string,
      {
        disabled,
        ...patch
      }: Partial<Pick<User, 'role' | 'passwordHash'>> & { disabled?: boolean | undefined },
    ): Promise<User | null> {
      const at = now()
      return db.transaction(async (tx) => {
        const [before] = await tx.select().from(users).where(eq(users.name, name)).for('update')
        if (!before) return null
        const disabledAt =
          disabled === undefined ? before.disabledAt : disabled ? (before.disabledAt ?? at) : null
        const [changed] = await tx
          .update(users)
          .set({ ...patch, disabledAt, updatedAt: at })
          .where(eq(users.name, name))
          .returning()
        if (disabled || patch.passwordHash) await signOutEverywhere(tx, name)
        return changed ?? null
      })
    },
    /** What the user prefers in the console. Only the named preferences change. */
    async prefer(name: string, preferences: Partial<Pick<User, 'language' | 'theme'>>): Promise<void> {
      if (Object.keys(preferences).length === 0) return
      await db.update(users).set(preferences).where(eq(users.name, name))
    },
    /** False when there is no such user. */
    remove: (name: string): Promise<boolean> =>
      db.transaction(async (tx) => {
        const removed = await tx.delete(users).where(eq(users.name, name)).returning({ name: users.name })
        await signOutEverywhere(tx, name)
        // Another user may get the name.
        await tx.delete(recoveryCodes).where(eq(recoveryCodes.userName, name))
        await tx.delete(signInLocations).where(eq(signInLocations.userName, name))
        return removed.length > 0
      }),
  }
}

async function signOutEverywhere(tx: Db, name: string): Promise<void> {
  await tx.delete(sessions).where(eq(sessions.userName, name))
  await tx.delete(signInChallenges).where(eq(signInChallenges.userName, name))
}
