import { and, eq, gt, lt } from 'drizzle-orm'
import type { TokenStore } from '../../wechat/api/tokens.ts'
import type { Db } from '../db.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { isLeaseFree } from '../lease.ts'
import { accessTokens } from '../schema.ts'

/** Encrypted access tokens in the store. A lease allows one refresh at a time for each account. */
export function createTokenStore(db: Db, sealer: Sealer): TokenStore {
  const ownedBy = (appId: string, ownerId: string) =>
    and(eq(accessTokens.appId, appId), eq(accessTokens.leaseOwnerId, ownerId))
  return {
    async read(appId) {
      const [row] = await db.select().from(accessTokens).where(eq(accessTokens.appId, appId))
      if (!row?.tokenSealed || row.expiresAt === null) return null
      const { tokenSealed, expiresAt, forcedAt, forcedDay, forcedCount } = row
      return { accessToken: sealer.open(tokenSealed), expiresAt, forcedAt, forcedDay, forcedCount }
    },
    async claim(appId, ownerId, now, until) {
      const claim = { leaseOwnerId: ownerId, leaseExpiresAt: until }
      const rows = await db
        .insert(accessTokens)
        .values({ appId, ...claim })
        .onConflictDoUpdate({
          target: accessTokens.appId,
          set: claim,
          setWhere: isLeaseFree(accessTokens.leaseExpiresAt, { now, leaseMs: until - now }),
        })
        .returning({ appId: accessTokens.appId })
      return rows.length > 0
    },
    async save(appId, ownerId, { accessToken, ...token }) {
      await db
        .update(accessTokens)
        .set({ ...token, tokenSealed: sealer.seal(accessToken) })
        .where(ownedBy(appId, ownerId))
    },
    async release(appId, ownerId) {
      await db
        .update(accessTokens)
        .set({ leaseOwnerId: null, leaseExpiresAt: null })
        .where(ownedBy(appId, ownerId))
    },
  }
}

/** Accounts in use whose token expires within `aheadMs`: it expires soon, or expired at most `aheadMs` ago. */
export async function expiringTokens(db: Db, now: number, aheadMs: number): Promise<string[]> {
  const rows = await db
    .select({ appId: accessTokens.appId })
    .from(accessTokens)
    .where(and(gt(accessTokens.expiresAt, now - aheadMs), lt(accessTokens.expiresAt, now + aheadMs)))
  return rows.map((r) => r.appId)
}
