import { and, eq, gt, lt, ne, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { runs } from '../schema.ts'
import { retiredKeys, retireOtherKeys } from './key-registry.ts'
import { findSealedOtherwise, replaceSealed, SEALED_COLUMNS, type SealedColumn } from './sealed-columns.ts'
import type { Sealer } from './sealer.ts'

const BATCH = 100

export interface Reencryption {
  /** The key that everything is sealed with now. */
  keyId: string
  /** How many texts were reencrypted, by `table.column`. */
  reencrypted: Record<string, number>
  /** Texts that no key here opens: they are left as they are. */
  unreadable: number
}

/**
 * Seals every sealed text of the store under the current key, one small statement each: it may be interrupted, repeated,
 * and run while the product works. A text that changes meanwhile is looked at again.
 */
export async function reencryptStore(db: Db, sealer: Sealer, now: number): Promise<Reencryption> {
  const reencrypted: Record<string, number> = {}
  let unreadable = 0
  for (const column of SEALED_COLUMNS) {
    const done = await reencryptColumn(db, sealer, column)
    reencrypted[`${column.table}.${column.column}`] = done.reencrypted
    unreadable += done.unreadable
  }
  const [keyId] = sealer.keyIds
  if (unreadable === 0) await retireOtherKeys(db, keyId, now)
  return { keyId, reencrypted, unreadable }
}

async function reencryptColumn(db: Db, sealer: Sealer, column: SealedColumn) {
  const prefix = sealer.currentPrefix
  let after = ''
  let reencrypted = 0
  let unreadable = 0
  for (;;) {
    const found = await findSealedOtherwise(db, column, { prefix, after, limit: BATCH })
    for (const { key, text } of found) {
      const replacement = reencryptText(sealer, text)
      if (replacement === null) unreadable += 1
      // Lost to another writer: it has sealed a new text, under its own current key.
      else if (await replaceSealed(db, column, key, text, replacement)) reencrypted += 1
    }
    if (found.length < BATCH) return { reencrypted, unreadable }
    after = found.at(-1)?.key ?? ''
  }
}

function reencryptText(sealer: Sealer, text: string): string | null {
  try {
    return sealer.seal(sealer.open(text))
  } catch {
    return null
  }
}

export interface HistoryKeyUse {
  keyId: string
  /** Runs that began under this key or before it, and go on. */
  openRuns: number
  /** When the last of them closes, as things stand, or closed: epoch ms. */
  lastClosesAt: number
}

/** For how long histories may still be encrypted under keys that nothing in the store is sealed with any more. */
export async function historyKeyUse(db: Db): Promise<HistoryKeyUse[]> {
  const retired = await retiredKeys(db)
  return Promise.all(
    retired.map(async ({ id, at }) => {
      const before = lt(runs.createdAt, at)
      const [open] = await db
        .select({
          count: sql<number | string>`count(*)`,
          closes: sql<number | string | null>`max((${runs.state}->>'closesAt')::bigint)`,
        })
        .from(runs)
        .where(and(before, ne(runs.status, 'ended')))
      const [ended] = await db
        .select({ at: sql<number | string | null>`max(${runs.endedAt})` })
        .from(runs)
        .where(and(before, eq(runs.status, 'ended'), gt(runs.endedAt, at)))
      const lastClosesAt = Math.max(at, Number(open?.closes ?? 0), Number(ended?.at ?? 0))
      return { keyId: id, openRuns: Number(open?.count ?? 0), lastClosesAt }
    }),
  )
}
