import { eq } from 'drizzle-orm'
import type { ArrivedMode } from '../wechat/envelope.ts'
import type { Db } from './db.ts'
import { settings } from './schema.ts'

/** A push that was of another mode than its account; `at` epoch ms. */
export interface OtherMode {
  arrived: ArrivedMode
  at: number
}

const MARK = 'callback.mode '

export async function noteOtherMode(db: Db, appId: string, { arrived, at }: OtherMode): Promise<void> {
  const set = { value: arrived, updatedAt: at }
  await db
    .insert(settings)
    .values({ name: MARK + appId, ...set })
    .onConflictDoUpdate({ target: settings.name, set })
}

/** The last one, until one of the right mode came; by whichever process. */
export async function readOtherMode(db: Db, appId: string): Promise<OtherMode | null> {
  const [row] = await db
    .select()
    .from(settings)
    .where(eq(settings.name, MARK + appId))
  return row ? { arrived: row.value === 'plain' ? 'plain' : 'security', at: row.updatedAt } : null
}

export async function forgetOtherMode(db: Pick<Db, 'delete'>, appId: string): Promise<void> {
  await db.delete(settings).where(eq(settings.name, MARK + appId))
}
