import { and, eq, like, notInArray, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { settings } from '../schema.ts'
import { anySealed } from './sealed-columns.ts'
import type { Sealer } from './sealer.ts'

/** `encryption-key/ID`: something in the store may be encrypted with this key. The id does not reveal the key. */
const IN_USE_PREFIX = 'encryption-key/'
/** `encryption-key-retired/ID`: nothing in the store is encrypted with this key any more, but histories may be. */
const RETIRED_PREFIX = 'encryption-key-retired/'
const KEY_CHECK_LOCK = 7_203_641_883

/** `missing`: ids of keys that the store needs and this process lacks; '?' when the id is not known. */
export type KeyCheck = { ok: true; pending: readonly string[] } | { ok: false; missing: readonly string[] }

/**
 * Checks that this process can decrypt everything in the store, and registers its current key. From then on no process
 * without that key may start. Changes nothing when a key is missing.
 * @returns `pending`: ids of other keys that are still in use
 */
export function checkKeys(db: Db, sealer: Sealer, now: number): Promise<KeyCheck> {
  const [current] = sealer.keyIds
  return db.transaction(async (tx) => {
    // Two processes with different keys may open an empty store at the same time.
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${KEY_CHECK_LOCK}::bigint)`)
    const known = await tx
      .select()
      .from(settings)
      .where(like(settings.name, `${IN_USE_PREFIX}%`))
    const inUse = known.map((row) => row.name.slice(IN_USE_PREFIX.length))
    const missing = inUse.filter((id) => !sealer.keyIds.includes(id))
    if (missing.length > 0) return { ok: false, missing }
    const anyText = known.length === 0 ? await anySealed(tx) : null
    if (anyText !== null && !opens(sealer, anyText)) return { ok: false, missing: ['?'] }
    // The store has no registered key: it may be encrypted with any key of this process.
    const keysInUse = anyText === null ? [current] : sealer.keyIds
    for (const id of keysInUse) {
      const row = { name: IN_USE_PREFIX + id, value: String(now), updatedAt: now }
      await tx.insert(settings).values(row).onConflictDoNothing()
    }
    await tx.delete(settings).where(eq(settings.name, RETIRED_PREFIX + current))
    return { ok: true, pending: inUse.filter((id) => id !== current) }
  })
}

/** Retires all keys but the current one, after everything in the store was encrypted with it. */
export async function retireOtherKeys(db: Db, current: string, now: number): Promise<void> {
  const others = and(
    like(settings.name, `${IN_USE_PREFIX}%`),
    notInArray(settings.name, [IN_USE_PREFIX + current]),
  )
  const removed = await db.delete(settings).where(others).returning({ name: settings.name })
  for (const { name } of removed) {
    const row = { value: String(now), updatedAt: now }
    await db
      .insert(settings)
      .values({ name: RETIRED_PREFIX + name.slice(IN_USE_PREFIX.length), ...row })
      .onConflictDoUpdate({ target: settings.name, set: row })
  }
}

/** Keys that only histories may still need; `at`: when they were retired, epoch ms. */
export async function retiredKeys(db: Db): Promise<{ id: string; at: number }[]> {
  const rows = await db
    .select()
    .from(settings)
    .where(like(settings.name, `${RETIRED_PREFIX}%`))
  return rows.map((row) => ({ id: row.name.slice(RETIRED_PREFIX.length), at: Number(row.value) }))
}

function opens(sealer: Sealer, text: string): boolean {
  try {
    sealer.open(text)
    return true
  } catch {
    return false
  }
}
