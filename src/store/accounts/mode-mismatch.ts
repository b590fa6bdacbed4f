import { eq } from 'drizzle-orm'
import type { ReceivedMode } from '../../wechat/callback/envelope.ts'
import type { Db } from '../db.ts'
import { settings } from '../schema.ts'

/** A callback in another mode than its account's; `at` epoch ms. */
export interface ModeMismatch {
  received: ReceivedMode
  at: number
}

const SETTING_PREFIX = 'mode-mismatch/'

/** Replaces the account's earlier record. */
export async function recordModeMismatch(
  db: Db,
  appId: string,
  { received, at }: ModeMismatch,
): Promise<void> {
  const set = { value: received, updatedAt: at }
  await db
    .insert(settings)
    .values({ name: SETTING_PREFIX + appId, ...set })
    .onConflictDoUpdate({ target: settings.name, set })
}

/** The last mismatch that any process recorded; null after a callback in the right mode. */
export async function readModeMismatch(db: Db, appId: string): Promise<ModeMismatch | null> {
  const [row] = await db
    .select()
    .from(settings)
    .where(eq(settings.name, SETTING_PREFIX + appId))
  return row ? { received: row.value === 'plain' ? 'plain' : 'security', at: row.updatedAt } : null
}

/** For a callback in the right mode, and for an account that is removed. */
export async function clearModeMismatch(db: Pick<Db, 'delete'>, appId: string): Promise<void> {
  await db.delete(settings).where(eq(settings.name, SETTING_PREFIX + appId))
}
