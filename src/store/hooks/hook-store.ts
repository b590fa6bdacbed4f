import { asc, eq, gt } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { changedSecret, firstSecret, validSecrets } from '../encryption/rotated-secret.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { hooks } from '../schema.ts'
import type { HookSettings } from './hook-settings.ts'

type HookRow = typeof hooks.$inferSelect

/** A hook without its secret. */
export type Hook = Pick<HookRow, 'name' | 'settings' | 'createdAt' | 'updatedAt'>
/** A hook with its valid secrets, the current one first. It never leaves the process. */
export type OpenedHook = Hook & { secrets: readonly string[] }

export type HookStore = ReturnType<typeof createHookStore>

/** Hooks, their secrets encrypted at rest. Times are epoch ms. */
export function createHookStore(db: Db, sealer: Sealer, now: () => number) {
  return {
    async find(name: string): Promise<Hook | null> {
      const [row] = await db.select(columns).from(hooks).where(eq(hooks.name, name))
      return row ?? null
    },
    /** By name, after `after`. */
    list({ after, limit }: { after: string; limit: number }): Promise<Hook[]> {
      return db.select(columns).from(hooks).where(gt(hooks.name, after)).orderBy(asc(hooks.name)).limit(limit)
    },
    /** All hooks with their secrets, for requests. */
    async openAll(): Promise<OpenedHook[]> {
      const rows = await db.select().from(hooks)
      return rows.map((row) => ({ ...hookOf(row), secrets: validSecrets(sealer, row, now()) }))
    },
    /** Adds a hook, or null when the name is taken. */
    async add(name: string, settings: HookSettings, secret: string): Promise<Hook | null> {
      const at = now()
      const row = { name, settings, ...firstSecret(sealer, secret), createdAt: at, updatedAt: at }
      const [added] = await db.insert(hooks).values(row).onConflictDoNothing().returning(columns)
      return added ?? null
    },
    /** Replaces the settings, or null when there is no such hook. */
    async change(name: string, settings: HookSettings): Promise<Hook | null> {
      const set = { settings, updatedAt: now() }
      const [changed] = await db.update(hooks).set(set).where(eq(hooks.name, name)).returning(columns)
      return changed ?? null
    },
    /** Replaces the secret; false when there is no such hook. The previous one is accepted for a day. Call it in a transaction. */
    async changeSecret(name: string, secret: string): Promise<boolean> {
      const [before] = await db.select().from(hooks).where(eq(hooks.name, name)).for('update')
      if (!before) return false
      const set = { ...changedSecret(sealer, before, secret, now()), updatedAt: now() }
      await db.update(hooks).set(set).where(eq(hooks.name, name))
      return true
    },
    /** False when there is no such hook. */
    async remove(name: string): Promise<boolean> {
      const removed = await db.delete(hooks).where(eq(hooks.name, name)).returning({ name: hooks.name })
      return removed.length > 0
    },
  }
}

const columns = {
  name: hooks.name,
  settings: hooks.settings,
  createdAt: hooks.createdAt,
  updatedAt: hooks.updatedAt,
}

function hookOf({ name, settings, createdAt, updatedAt }: HookRow): Hook {
  return { name, settings, createdAt, updatedAt }
}
