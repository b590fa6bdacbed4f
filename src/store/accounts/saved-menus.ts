import { eq } from 'drizzle-orm'
import { type Menu, readMenu } from '../../wechat/rules/menu.ts'
import type { Db } from '../db.ts'
import { settings } from '../schema.ts'

/** The menu of an account as it was before WeChat switched it off; `at` epoch ms. */
export interface SavedMenu {
  menu: Menu
  at: number
}

const SETTING_PREFIX = 'saved-menu/'

/** Keeps the menu of an account. The one that was kept before is replaced. */
export async function saveMenu(db: Db, appId: string, { menu, at }: SavedMenu): Promise<void> {
  const set = { value: JSON.stringify(menu), updatedAt: at }
  await db
    .insert(settings)
    .values({ name: SETTING_PREFIX + appId, ...set })
    .onConflictDoUpdate({ target: settings.name, set })
}

/** The menu that was kept last; null: none. */
export async function readSavedMenu(db: Db, appId: string): Promise<SavedMenu | null> {
  const [row] = await db
    .select()
    .from(settings)
    .where(eq(settings.name, SETTING_PREFIX + appId))
  // `saveMenu` wrote this JSON.
  const menu = row ? readMenu(JSON.parse(row.value) as Menu) : null
  return row && menu ? { menu, at: row.updatedAt } : null
}

/** For the removal of an account. */
export async function clearSavedMenu(db: Pick<Db, 'delete'>, appId: string): Promise<void> {
  await db.delete(settings).where(eq(settings.name, SETTING_PREFIX + appId))
}
