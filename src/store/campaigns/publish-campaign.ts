import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { desc, eq } from 'drizzle-orm'
import type { Issue } from '../../campaign/issue.ts'
import type { Campaign } from '../../campaign/model.ts'
import { validateStored } from '../../campaign/validate-stored.ts'
import { storableJson } from '../../shared/text.ts'
import type { Db } from '../db.ts'
import { campaigns, campaignVersions } from '../schema.ts'
import type { CampaignVersion } from './campaign-versions.ts'

/** A checked campaign and its source file. */
export interface Publication {
  source: string
  campaign: Campaign
  warnings: readonly Issue[]
  /** Message bodies of runs in flight follow this version. */
  runningBodies: boolean
  publishedAt: number
}

/** Publishes a checked campaign. Creates a version when the file has changed, or the campaign was deleted. */
export function publishCampaign(
  db: Db,
  { source, campaign, warnings, runningBodies, publishedAt }: Publication,
): Promise<{ version: number; isNew: boolean }> {
  const { id } = campaign
  const sourceHash = createHash('sha256').update(source).digest('hex')
  return db.transaction(async (tx) => {
    const [known] = await tx.select().from(campaigns).where(eq(campaigns.id, id)).for('update')
    const [newest] = await tx
      .select()
      .from(campaignVersions)
      .where(eq(campaignVersions.id, id))
      .orderBy(desc(campaignVersions.version))
      .limit(1)
    const isLive = known !== undefined && known.state !== 'deleted'
    const isUnchanged =
      isLive && newest?.version === known.version && isSameVersion(newest, sourceHash, campaign)
    // Never reuses the number of a deleted version: runs may be pinned to it.
    const version = isUnchanged ? known.version : Math.max(newest?.version ?? 0, known?.version ?? 0) + 1
    if (!isUnchanged) {
      const row = { id, version, source, sourceHash, model: campaign, warnings, publishedAt }
      await tx.insert(campaignVersions).values(row)
    }
    const set = {
      version,
      state: known?.state === 'paused' ? ('paused' as const) : ('live' as const),
      updatedAt: publishedAt,
      ...(runningBodies ? { bodiesVersion: version } : {}),
    }
    await tx
      .insert(campaigns)
      .values({ id, ...set })
      .onConflictDoUpdate({ target: campaigns.id, set })
    return { version, isNew: !isLive }
  })
}

/** Whether the file gives the stored version. An earlier release may have parsed the same file differently. */
function isSameVersion(newest: CampaignVersion, sourceHash: string, campaign: Campaign): boolean {
  return (
    newest.sourceHash === sourceHash &&
    isDeepStrictEqual(newest.model, asStored(campaign)) &&
    validateStored(newest.model) === null
  )
}

/** A campaign as the store returns it, without undefined fields. */
function asStored(campaign: Campaign): unknown {
  return JSON.parse(storableJson(campaign))
}
