import { and, eq, gt, lt, ne, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { runs } from '../schema.ts'
import { retiredKeys, retireOtherKeys } from './key-registry.ts'
import { findSealedOtherwise, replaceSealed, SEALED_COLUMNS, type SealedColumn } from './sealed-columns.ts'
import type { Sealer } from './sealer.ts'

const BATCH = 100

export interface Reencryption {
  /** The key that everything is encrypted with now. */
  keyId: string
  /** The number of reencrypted texts by `table.column`. */
  reencrypted: Record<string, number>
  /** The number of texts that no key of this process decrypts. They are unchanged. */
  unreadable: number
}

/**
 * Encrypts every encrypted text of the store again, with the current key. Each text has a small statement of its own, so that
 * it may be interrupted, repeated, and run while the product works.
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
      // Not counted when another writer was faster: it has encrypted a new text with its own current key.
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
  /** Open runs that started before the key was retired. */
  openRuns: number
  /** When the last of them closed, or will close unless there is a new interaction; epoch ms. */
  lastClosesAt: number
}

/** How long histories may still need the retired keys. */
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
