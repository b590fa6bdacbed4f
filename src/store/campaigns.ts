import { createHash } from 'node:crypto'
import { and, asc, desc, eq, gt, inArray, ne } from 'drizzle-orm'
import { canFollow } from '../campaign/compile.ts'
import type { Issue } from '../campaign/issue.ts'
import type { LiveCampaign } from '../campaign/match.ts'
import type { Campaign, Message } from '../campaign/model.ts'
import type { Db } from './db.ts'
import { campaigns, campaignVersions } from './schema.ts'

export type CampaignRow = typeof campaigns.$inferSelect
export type CampaignVersion = typeof campaignVersions.$inferSelect

export type CampaignStore = ReturnType<typeof createCampaignStore>

const KEPT_VERSIONS = 500

export function createCampaignStore(db: Db, now: () => number) {
  /** Versions never change: each is read once. */
  const versions = new Map<string, CampaignVersion>()

  async function version(id: string, number: number): Promise<CampaignVersion | null> {
    const key = `${id}@${number}`
    const known = versions.get(key)
    if (known) return known
    const [row] = await db
      .select()
      .from(campaignVersions)
      .where(and(eq(campaignVersions.id, id), eq(campaignVersions.version, number)))
    if (!row) return null
    if (versions.size >= KEPT_VERSIONS) versions.clear()
    versions.set(key, row)
    return row
  }

  async function row(id: string): Promise<CampaignRow | null> {
    const [found] = await db.select().from(campaigns).where(eq(campaigns.id, id))
    return found ?? null
  }

  return {
    version,
    row,
    /**
     * Publishes a checked campaign: a new version when the file changed or the campaign was deleted, else none.
     * `runningBodies`: message bodies of runs in flight follow this version.
     */
    async publish(
      source: string,
      campaign: Campaign,
      warnings: readonly Issue[],
      { runningBodies = false }: { runningBodies?: boolean } = {},
    ): Promise<{ version: number; isNew: boolean }> {
      const sourceHash = createHash('sha256').update(source).digest('hex')
      const at = now()
      return db.transaction(async (tx) => {
        const [known] = await tx.select().from(campaigns).where(eq(campaigns.id, campaign.id)).for('update')
        const [newest] = await tx
          .select()
          .from(campaignVersions)
          .where(eq(campaignVersions.id, campaign.id))
          .orderBy(desc(campaignVersions.version))
          .limit(1)
        const unchanged = known && known.state !== 'deleted' && newest?.sourceHash === sourceHash
        const number = unchanged ? newest.version : (newest?.version ?? 0) + 1
        if (!unchanged) {
          await tx.insert(campaignVersions).values({
            id: campaign.id,
            version: number,
            source,
            sourceHash,
            model: campaign,
            warnings,
            publishedAt: at,
          })
        }
        const state = known?.state === 'paused' ? ('paused' as const) : ('live' as const)
        const set = {
          version: number,
          state,
          updatedAt: at,
          ...(runningBodies ? { bodiesVersion: number } : {}),
        }
        await tx
          .insert(campaigns)
          .values({ id: campaign.id, ...set })
          .onConflictDoUpdate({ target: campaigns.id, set })
        return { version: number, isNew: !known || known.state === 'deleted' }
      })
    },
    /** False when there is no such campaign. */
    async setState(id: string, state: 'live' | 'paused' | 'deleted'): Promise<boolean> {
      const changed = await db
        .update(campaigns)
        .set({ state, updatedAt: now() })
        .where(and(eq(campaigns.id, id), ne(campaigns.state, 'deleted')))
        .returning({ id: campaigns.id })
      return changed.length > 0
    },
    async list({
      after = '',
      limit = 1_000,
    }: {
      after?: string
      limit?: number
    } = {}): Promise<{ row: CampaignRow; version: CampaignVersion }[]> {
      const rows = await db
        .select()
        .from(campaigns)
        .where(and(gt(campaigns.id, after), ne(campaigns.state, 'deleted')))
        .orderBy(asc(campaigns.id))
        .limit(limit)
      const found = await Promise.all(rows.map((r) => version(r.id, r.version)))
      return rows.flatMap((r, i) => (found[i] ? [{ row: r, version: found[i] }] : []))
    },
    versions: (id: string) =>
      db
        .select({ version: campaignVersions.version, publishedAt: campaignVersions.publishedAt })
        .from(campaignVersions)
        .where(eq(campaignVersions.id, id))
        .orderBy(desc(campaignVersions.version)),
    /** Every campaign that new followers may enter. */
    async live(): Promise<LiveCampaign[]> {
      const rows = await db
        .select()
        .from(campaigns)
        .where(inArray(campaigns.state, ['live']))
      const found = await Promise.all(rows.map((r) => version(r.id, r.version)))
      return found.flatMap((v) => (v ? [{ campaign: v.model, version: v.version }] : []))
    },
    /**
     * A step's message: as the run's version has it, or a newer one whose bodies running ones follow, where the run can send
     * that.
     */
    async messageOf(id: string, number: number, stepId: string): Promise<Message | null> {
      const step = async (n: number) => (await version(id, n))?.model.steps.find((s) => s.id === stepId)?.send
      const [current, pinned] = await Promise.all([row(id), step(number)])
      const bodies = current?.bodiesVersion ?? null
      const newer = bodies !== null && bodies > number ? await step(bodies) : undefined
      return (newer && (!pinned || canFollow(pinned, newer)) ? newer : pinned) ?? null
    },
  }
}
