import { eq, inArray } from 'drizzle-orm'
import type { Db } from './db.ts'
import { settings } from './schema.ts'

const HOME = 'engine.namespace'
const WISH = 'engine.accepted'

/** An engine that an operator has accepted and that is not yet what the store's runs live in. */
export interface EngineWish {
  namespaceId: string
  /** Runs up to this key have been looked at. */
  after: string
}

/** Which engine namespace (by its id, not its name) the store's runs live in, and which one shall be made so. */
export async function readEngineHome(
  db: Pick<Db, 'select'>,
): Promise<{ home: string | null; wish: EngineWish | null }> {
  const rows = await db
    .select()
    .from(settings)
    .where(inArray(settings.name, [HOME, WISH]))
  const value = (name: string) => rows.find((r) => r.name === name)?.value ?? null
  const wish = value(WISH)
  // Written by `wishEngine` below.
  return { home: value(HOME), wish: wish === null ? null : (JSON.parse(wish) as EngineWish) }
}

/** Notes the engine that a new store sees first; one that is known stays. */
export async function adoptEngine(db: Db, namespaceId: string, now: number): Promise<void> {
  await db.insert(settings).values({ name: HOME, value: namespaceId, updatedAt: now }).onConflictDoNothing()
}

export function wishEngine(db: Pick<Db, 'insert'>, wish: EngineWish, now: number): Promise<void> {
  return put(db, WISH, JSON.stringify(wish), now)
}

/** The accepted engine has all that it must have: it is the store's now. */
export async function settleEngine(db: Db, namespaceId: string, now: number): Promise<void> {
  await db.transaction(async (tx) => {
    await put(tx, HOME, namespaceId, now)
    await tx.delete(settings).where(eq(settings.name, WISH))
  })
}

async function put(db: Pick<Db, 'insert'>, name: string, value: string, now: number): Promise<void> {
  const set = { value, updatedAt: now }
  await db
    .insert(settings)
    .values({ name, ...set })
    .onConflictDoUpdate({ target: settings.name, set })
}
