import { and, desc, eq, isNull, lt, lte, or } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { apiTokens } from '../schema.ts'

export type ApiToken = typeof apiTokens.$inferSelect
export type ApiTokenStore = ReturnType<typeof createApiTokenStore>

/** Shortest time between two records of a use. */
const RECORD_USE_INTERVAL_MS = 60_000

/** API tokens, by their hash. */
export function createApiTokenStore(db: Db, now: () => number) {
  return {
    async add(token: Pick<ApiToken, 'id' | 'name' | 'role' | 'hash' | 'createdBy' | 'expiresAt'>) {
      const [added] = await db
        .insert(apiTokens)
        .values({ ...token, createdAt: now() })
        .returning()
      if (!added) throw new Error('The insert of a token returned no row')
      return added
    },
    /** Newest first, after the token with this time and id. */
    list({
      after,
      limit,
    }: {
      after: { createdAt: number; id: string } | null
      limit: number
    }): Promise<ApiToken[]> {
      const older =
        after &&
        or(
          lt(apiTokens.createdAt, after.createdAt),
          and(eq(apiTokens.createdAt, after.createdAt), lt(apiTokens.id, after.id)),
        )
      return db
        .select()
        .from(apiTokens)
        .where(older ?? undefined)
        .orderBy(desc(apiTokens.createdAt), desc(apiTokens.id))
        .limit(limit)
    },
    async find(hash: string): Promise<ApiToken | null> {
      const [token] = await db.select().from(apiTokens).where(eq(apiTokens.hash, hash))
      return token ?? null
    },
    /** Records a use, at most once a minute. */
    async noteUse({ id, lastUsedAt }: Pick<ApiToken, 'id' | 'lastUsedAt'>): Promise<void> {
      const before = now() - RECORD_USE_INTERVAL_MS
      if (lastUsedAt !== null && lastUsedAt > before) return
      await db
        .update(apiTokens)
        .set({ lastUsedAt: now() })
        .where(and(eq(apiTokens.id, id), or(isNull(apiTokens.lastUsedAt), lte(apiTokens.lastUsedAt, before))))
    },
    /** Deletes a token and returns it; null when there is none. */
    async remove(id: string): Promise<ApiToken | null> {
      const [removed] = await db.delete(apiTokens).where(eq(apiTokens.id, id)).returning()
      return removed ?? null
    },
  }
}
