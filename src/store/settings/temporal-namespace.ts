import { eq, inArray } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { settings } from '../schema.ts'

const CURRENT = 'temporal-namespace'
const REQUESTED = 'temporal-namespace-switch'

/** A namespace that an operator has accepted, and in which the runs of the store are being rebuilt. */
export interface NamespaceSwitch {
  namespaceId: string
  /** Runs up to this key are done. */
  after: string
}

/** The id of the Temporal namespace that holds the runs of the store, and the requested switch. */
export async function readNamespace(
  db: Pick<Db, 'select'>,
): Promise<{ current: string | null; requested: NamespaceSwitch | null }> {
  const rows = await db
    .select()
    .from(settings)
    .where(inArray(settings.name, [CURRENT, REQUESTED]))
  const value = (name: string) => rows.find((r) => r.name === name)?.value ?? null
  const requested = value(REQUESTED)
  // `requestSwitch` below wrote this JSON.
  return {
    current: value(CURRENT),
    requested: requested === null ? null : (JSON.parse(requested) as NamespaceSwitch),
  }
}

/** Records the first namespace of a new store. A recorded namespace stays. */
export async function recordFirstNamespace(db: Db, namespaceId: string, now: number): Promise<void> {
  await db
    .insert(settings)
    .values({ name: CURRENT, value: namespaceId, updatedAt: now })
    .onConflictDoNothing()
}

/** Requests a switch, or records how far the rebuild for it has come: `after` replaces the one before. */
export function requestSwitch(db: Pick<Db, 'insert'>, request: NamespaceSwitch, now: number): Promise<void> {
  return putSetting(db, REQUESTED, JSON.stringify(request), now)
}

/** Records the namespace that holds the runs from now on, and ends the requested switch. */
export async function completeSwitch(db: Db, namespaceId: string, now: number): Promise<void> {
  await db.transaction(async (tx) => {
    await putSetting(tx, CURRENT, namespaceId, now)
    await tx.delete(settings).where(eq(settings.name, REQUESTED))
  })
}

async function putSetting(db: Pick<Db, 'insert'>, name: string, value: string, now: number): Promise<void> {
  const set = { value, updatedAt: now }
  await db
    .insert(settings)
    .values({ name, ...set })
    .onConflictDoUpdate({ target: settings.name, set })
}
