import { and, eq, gt, lt } from 'drizzle-orm'
import type { TokenStore } from '../../wechat/api/tokens.ts'
import type { Db } from '../db.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { isLeaseFree } from '../lease.ts'
import { tokens } from '../schema.ts'

/** Access tokens in the store, sealed; one refresh at a time for each account, by a lease. */
export function createTokenStore(db: Db, sealer: Sealer): TokenStore {
  const ownedBy = (appId: string, ownerId: string) =>
    and(eq(tokens.appId, appId), eq(tokens.claimedBy, ownerId))
  return {
    async read(appId) {
      const [row] = await db.select().from(tokens).where(eq(tokens.appId, appId))
      if (!row?.tokenSealed || row.expiresAt === null) return null
      const { tokenSealed, expiresAt, forcedAt, forcedDay, forcedCount } = row
      return { accessToken: sealer.open(tokenSealed), expiresAt, forcedAt, forcedDay, forcedCount }
    },
    async claim(appId, ownerId, now, until) {
      const claim = { claimedBy: ownerId, claimedUntil: until }
      const rows = await db
        .insert(tokens)
        .values({ appId, ...claim })
        .onConflictDoUpdate({
          target: tokens.appId,
          set: claim,
          setWhere: isLeaseFree(tokens.claimedUntil, { now, leaseMs: until - now }),
        })
        .returning({ appId: tokens.appId })
      return rows.length > 0
    },
    async save(appId, ownerId, { accessToken, ...token }) {
      await db
        .update(tokens)
        .set({ ...token, tokenSealed: sealer.seal(accessToken) })
        .where(ownedBy(appId, ownerId))
    },
    async release(appId, ownerId) {
      await db.update(tokens).set({ claimedBy: null, claimedUntil: null }).where(ownedBy(appId, ownerId))
    },
  }
}

/** Accounts whose token ends within `aheadMs` and was good until lately: the ones that are in use. */
export async function expiringTokens(db: Db, now: number, aheadMs: number): Promise<string[]> {
  const rows = await db
    .select({ appId: tokens.appId })
    .from(tokens)
    .where(and(gt(tokens.expiresAt, now - aheadMs), lt(tokens.expiresAt, now + aheadMs)))
  return rows.map((r) => r.appId)
}
