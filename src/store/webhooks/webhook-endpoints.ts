import { asc, eq, gt, inArray } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { changedSecret, firstSecret, validSecrets } from '../encryption/rotated-secret.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { webhookEndpoints } from '../schema.ts'

type EndpointRow = typeof webhookEndpoints.$inferSelect

/** A receiver of webhooks, without its secret. */
export type WebhookEndpoint = Pick<EndpointRow, 'name' | 'url' | 'createdAt' | 'updatedAt'>
/** A receiver with the secrets that sign its requests, the current one first. It never leaves the process. */
export type OpenedEndpoint = Pick<EndpointRow, 'name' | 'url'> & { secrets: readonly string[] }

export type WebhookEndpointStore = ReturnType<typeof createWebhookEndpointStore>

/** Receivers of webhooks, their secrets encrypted at rest. Times are epoch ms. */
export function createWebhookEndpointStore(db: Db, sealer: Sealer, now: () => number) {
  return {
    async find(name: string): Promise<WebhookEndpoint | null> {
      const [row] = await db.select(columns).from(webhookEndpoints).where(eq(webhookEndpoints.name, name))
      return row ?? null
    },
    /** By name, after `after`. */
    list({ after, limit }: { after: string; limit: number }): Promise<WebhookEndpoint[]> {
      return db
        .select(columns)
        .from(webhookEndpoints)
        .where(gt(webhookEndpoints.name, after))
        .orderBy(asc(webhookEndpoints.name))
        .limit(limit)
    },
    /** Those of these receivers that exist, by name. */
    async open(names: readonly string[]): Promise<Map<string, OpenedEndpoint>> {
      if (names.length === 0) return new Map()
      const rows = await db
        .select()
        .from(webhookEndpoints)
        .where(inArray(webhookEndpoints.name, [...new Set(names)]))
      return new Map(
        rows.map((row) => [
          row.name,
          { name: row.name, url: row.url, secrets: validSecrets(sealer, row, now()) },
        ]),
      )
    },
    /** Adds a receiver, or null when the name is taken. */
    async add(name: string, url: string, secret: string): Promise<WebhookEndpoint | null> {
      const at = now()
      const row = { name, url, ...firstSecret(sealer, secret), createdAt: at, updatedAt: at }
      const [added] = await db.insert(webhookEndpoints).values(row).onConflictDoNothing().returning(columns)
      return added ?? null
    },
    /** Replaces the URL, or null when there is no such receiver. */
    async change(name: string, url: string): Promise<WebhookEndpoint | null> {
      const [changed] = await db
        .update(webhookEndpoints)
        .set({ url, updatedAt: now() })
        .where(eq(webhookEndpoints.name, name))
        .returning(columns)
      return changed ?? null
    },
    /**
     * Replaces the secret; false when there is no such receiver. For a day, requests have a signature by each secret. Call it
     * in a transaction.
     */
    async changeSecret(name: string, secret: string): Promise<boolean> {
      const isThis = eq(webhookEndpoints.name, name)
      const [before] = await db.select().from(webhookEndpoints).where(isThis).for('update')
      if (!before) return false
      const set = { ...changedSecret(sealer, before, secret, now()), updatedAt: now() }
      await db.update(webhookEndpoints).set(set).where(isThis)
      return true
    },
    /** False when there is no such receiver. Its webhooks wait until it exists again, or fail. */
    async remove(name: string): Promise<boolean> {
      const removed = await db
        .delete(webhookEndpoints)
        .where(eq(webhookEndpoints.name, name))
        .returning({ name: webhookEndpoints.name })
      return removed.length > 0
    },
  }
}

const columns = {
  name: webhookEndpoints.name,
  url: webhookEndpoints.url,
  createdAt: webhookEndpoints.createdAt,
  updatedAt: webhookEndpoints.updatedAt,
}
