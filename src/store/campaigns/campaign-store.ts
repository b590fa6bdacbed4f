import { and, asc, eq, gt, inArray } from 'drizzle-orm'
import { canReplaceBody } from '../../campaign/compile.ts'
import type { Issue } from '../../campaign/issue.ts'
import { messageOfStep } from '../../campaign/items.ts'
import type { LiveCampaign } from '../../campaign/match.ts'
import type { Message } from '../../campaign/message-model.ts'
import type { Campaign } from '../../campaign/model.ts'
import type { Db } from '../db.ts'
import { campaigns } from '../schema.ts'
import { type CampaignVersion, CampaignVersions, type LoadedVersion } from './campaign-versions.ts'
import { type Publication, publishCampaign } from './publish-campaign.ts'

type CampaignRow = typeof campaigns.$inferSelect

export type { CampaignVersion } from './campaign-versions.ts'

/** A campaign with its newest version, if that is usable. */
export interface StoredCampaign extends LoadedVersion {
  row: CampaignRow
}

type CampaignState = CampaignRow['state']
const CHANGEABLE: readonly CampaignState[] = ['live', 'paused', 'retired']
type PublishOptions = Partial<
  Pick<Publication, 'runningBodies' | 'publishedBy' | 'restoredFrom' | 'expectedVersion' | 'note'>
>

export type CampaignStore = ReturnType<typeof createCampaignStore>

/** Campaigns and their versions. */
export function createCampaignStore(db: Db, now: () => number) {
  return {
    ...createCampaignQueries(db),
    /** `runningBodies`: see `Publication`. */
    publish: (
      source: string,
      campaign: Campaign,
      warnings: readonly Issue[],
      { runningBodies = false, ...more }: PublishOptions = {},
    ) => publishCampaign(db, { source, campaign, warnings, runningBodies, publishedAt: now(), ...more }),
    /** False when there is no such campaign, or its state is none of `from`. */
    async setState(id: string, state: CampaignState, from = CHANGEABLE): Promise<boolean> {
      const changed = await db
        .update(campaigns)
        .set({ state, updatedAt: now() })
        .where(and(eq(campaigns.id, id), inArray(campaigns.state, [...from])))
        .returning({ id: campaigns.id })
      return changed.length > 0
    },
  }
}

function createCampaignQueries(db: Db) {
  const versions = new CampaignVersions(db)
  const version = async (id: string, number: number): Promise<CampaignVersion | null> =>
    (await versions.load(id, number)).version
  const row = async (id: string): Promise<CampaignRow | null> => {
    const [found] = await db.select().from(campaigns).where(eq(campaigns.id, id))
    return found ?? null
  }
  const withVersion = async (found: CampaignRow): Promise<StoredCampaign> => ({
    row: found,
    ...(await versions.load(found.id, found.version)),
  })
  return {
    /** Null when the version is missing or unusable. */
    version,
    row,
    versions: (id: string, page?: Parameters<CampaignVersions['list']>[1]) => versions.list(id, page),
    /** A version with its text, whether or not it is usable. */
    findVersion: (id: string, number: number) => versions.find(id, number),
    /** Null when there is no such campaign, or it is deleted. */
    async find(id: string): Promise<StoredCampaign | null> {
      const found = await row(id)
      if (!found || found.state === 'deleted') return null
      const [stored, source] = await Promise.all([
        withVersion(found),
        // The text is not from the cache: a file with the same content may have replaced it.
        versions.text(found.id, found.version),
      ])
      return { ...stored, source: source ?? stored.source }
    },
    async list({
      after = '',
      limit = 1_000,
      states = ['live', 'paused'],
    }: {
      after?: string
      limit?: number
      states?: readonly CampaignState[]
    } = {}): Promise<StoredCampaign[]> {
      const rows = await db
        .select()
        .from(campaigns)
        .where(and(gt(campaigns.id, after), inArray(campaigns.state, [...states])))
        .orderBy(asc(campaigns.id))
        .limit(limit)
      return Promise.all(rows.map(withVersion))
    },
    /** Live campaigns. `broken`: those whose stored version is unusable. */
    async live(): Promise<{ live: LiveCampaign[]; broken: StoredCampaign[] }> {
      const rows = await db
        .select()
        .from(campaigns)
        .where(inArray(campaigns.state, ['live']))
      const all = await Promise.all(rows.map(withVersion))
      return {
        live: all.flatMap(({ version: v }) => (v ? [{ campaign: v.model, version: v.version }] : [])),
        broken: all.filter((c) => c.broken !== null),
      }
    },
    /**
     * The message of a step: from the version of the run, or from a newer version that was published for running bodies, if
     * the run can send that message.
     */
    async messageOf(id: string, number: number, stepId: string): Promise<Message | null> {
      const step = async (n: number) => {
        const found = await version(id, n)
        return found ? messageOfStep(found.model, stepId) : undefined
      }
      const [current, pinned] = await Promise.all([row(id), step(number)])
      const bodies = current?.bodiesVersion ?? null
      const newer = bodies !== null && bodies > number ? await step(bodies) : undefined
      return (newer && (!pinned || canReplaceBody(pinned, newer)) ? newer : pinned) ?? null
    },
  }
}
