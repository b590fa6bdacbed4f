import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { and, asc, desc, eq, gt, inArray, ne } from 'drizzle-orm'
import { canReplaceBody } from '../../campaign/compile.ts'
import type { Issue } from '../../campaign/issue.ts'
import type { LiveCampaign } from '../../campaign/match.ts'
import type { Campaign, Message } from '../../campaign/model.ts'
import { validateStored } from '../../campaign/validate-stored.ts'
import { storableJson } from '../../shared/text.ts'
import type { Db } from '../db.ts'
import { campaigns, campaignVersions } from '../schema.ts'

export type CampaignRow = typeof campaigns.$inferSelect
export type CampaignVersion = typeof campaignVersions.$inferSelect

/** A campaign with its newest version, as far as that can be used. */
export interface StoredCampaign {
  row: CampaignRow
  /** Null when it cannot be used: `broken` says why. */
  version: CampaignVersion | null
  broken: string | null
  /** '' when it is gone. */
  source: string
}

export type CampaignStore = ReturnType<typeof createCampaignStore>

const MAX_CACHED_VERSIONS = 500

export function createCampaignStore(db: Db, now: () => number) {
  /** Versions never change: each is read once. */
  const versions = new Map<string, CampaignVersion>()

  /** A version that can be used, or why it cannot. */
  async function loadVersion(
    id: string,
    number: number,
  ): Promise<{ version: CampaignVersion | null; broken: string | null; source: string }> {
    const key = `${id}@${number}`
    const known = versions.get(key)
    if (known) return { version: known, broken: null, source: known.source }
    const [found] = await db
      .select()
      .from(campaignVersions)
      .where(and(eq(campaignVersions.id, id), eq(campaignVersions.version, number)))
    if (!found) return { version: null, broken: `version ${number} is not in the store`, source: '' }
    const broken = validateStored(found.model)
    if (broken) return { version: null, broken, source: found.source }
    if (versions.size >= MAX_CACHED_VERSIONS) versions.clear()
    versions.set(key, found)
    return { version: found, broken: null, source: found.source }
  }

  async function version(id: string, number: number): Promise<CampaignVersion | null> {
    return (await loadVersion(id, number)).version
  }

  async function row(id: string): Promise<CampaignRow | null> {
    const [found] = await db.select().from(campaigns).where(eq(campaigns.id, id))
    return found ?? null
  }

  return {
    /** Null when it is gone, or cannot be used. */
    version,
    row,
    /** Null when there is none, or it is deleted. */
    async find(id: string): Promise<StoredCampaign | null> {
      const found = await row(id)
      return found && found.state !== 'deleted'
        ? { row: found, ...(await loadVersion(found.id, found.version)) }
        : null
    },
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
        const unchanged =
          known &&
          known.state !== 'deleted' &&
          newest?.version === known.version &&
          newest.sourceHash === sourceHash &&
          // An earlier version of the product may have read the same file otherwise.
          isDeepStrictEqual(newest.model, asStored(campaign)) &&
          validateStored(newest.model) === null
        // Never a number again whose row is gone: runs may be pinned to it.
        const number = unchanged ? newest.version : Math.max(newest?.version ?? 0, known?.version ?? 0) + 1
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
    } = {}): Promise<StoredCampaign[]> {
      const rows = await db
        .select()
        .from(campaigns)
        .where(and(gt(campaigns.id, after), ne(campaigns.state, 'deleted')))
        .orderBy(asc(campaigns.id))
        .limit(limit)
      return Promise.all(rows.map(async (r) => ({ row: r, ...(await loadVersion(r.id, r.version)) })))
    },
    versions: (id: string) =>
      db
        .select({ version: campaignVersions.version, publishedAt: campaignVersions.publishedAt })
        .from(campaignVersions)
        .where(eq(campaignVersions.id, id))
        .orderBy(desc(campaignVersions.version)),
    /** Every campaign that new followers may enter; `broken`: those that they may not, although nobody paused them. */
    async live(): Promise<{ live: LiveCampaign[]; broken: StoredCampaign[] }> {
      const rows = await db
        .select()
        .from(campaigns)
        .where(inArray(campaigns.state, ['live']))
      const all = await Promise.all(
        rows.map(async (r) => ({ row: r, ...(await loadVersion(r.id, r.version)) })),
      )
      return {
        live: all.flatMap(({ version: v }) => (v ? [{ campaign: v.model, version: v.version }] : [])),
        broken: all.filter((c) => c.broken !== null),
      }
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
      return (newer && (!pinned || canReplaceBody(pinned, newer)) ? newer : pinned) ?? null
    },
  }
}

/** What the store gives back of a campaign: nothing of what is undefined. */
function asStored(campaign: Campaign): unknown {
  return JSON.parse(storableJson(campaign))
}
