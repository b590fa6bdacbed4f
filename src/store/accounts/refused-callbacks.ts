import { eq } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { settings } from '../schema.ts'

const SETTING_PREFIX = 'refused-callback/'

/** Records that a request to the account's callback was refused, so that its connection page can say that WeChat reached it. */
export async function recordRefusedCallback(db: Db, appId: string, at: number): Promise<void> {
  const set = { value: 'refused', updatedAt: at }
  await db
    .insert(settings)
    .values({ name: SETTING_PREFIX + appId, ...set })
    .onConflictDoUpdate({ target: settings.name, set })
}

/** When a request to the account's callback was last refused, epoch ms; null: never. */
export async function readRefusedCallback(db: Db, appId: string): Promise<number | null> {
  const [row] = await db
    .select({ at: settings.updatedAt })
    .from(settings)
    .where(eq(settings.name, SETTING_PREFIX + appId))
  return row?.at ?? null
}

/** For the removal of an account. */
export async function clearRefusedCallback(db: Pick<Db, 'delete'>, appId: string): Promise<void> {
  await db.delete(settings).where(eq(settings.name, SETTING_PREFIX + appId))
}
