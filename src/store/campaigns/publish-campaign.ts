import { createHash } from 'node:crypto'
import { and, desc, eq } from 'drizzle-orm'
import type { Issue } from '../../campaign/issue.ts'
import type { Campaign } from '../../campaign/model.ts'
import { validateStored } from '../../campaign/validate-stored.ts'
import type { Db } from '../db.ts'
import { campaigns, campaignVersions } from '../schema.ts'
import type { CampaignVersion } from './campaign-versions.ts'
import { contentHash } from './content-hash.ts'

/** A checked campaign and its source file. */
export interface Publication {
  source: string
  campaign: Campaign
  warnings: readonly Issue[]
  /** Message bodies of runs in flight follow this version. */
  runningBodies: boolean
  publishedAt: number
  /** The user or token that publishes. */
  publishedBy?: string | undefined
  /** The older version whose file this is. */
  restoredFrom?: number | undefined
  /** Refuse when the newest version is another one. */
  expectedVersion?: number | undefined
  /** What the publisher says about it. An unchanged version gets it too. */
  note?: string | undefined
}

/** Somebody else has published meanwhile, or the campaign does not take new versions. */
export class PublishConflict extends Error {
  override name = 'PublishConflict'
  /** The newest version; 0: the campaign is not published. */
  readonly current: number
  readonly kind: 'version' | 'retired'
  constructor(kind: 'version' | 'retired', current: number) {
    super(kind === 'retired' ? 'the campaign is retired' : `the newest version is ${current}`)
    this.kind = kind
    this.current = current
  }
}

/**
 * Publishes a checked campaign. Creates a version when the content has changed, or the campaign was deleted. Comments, the order
 * of fields and other forms of the same value are no content: the newest version gets the new text.
 * @throws PublishConflict
 */
export function publishCampaign(
  db: Db,
  { source, campaign, warnings, runningBodies, publishedAt, ...more }: Publication,
): Promise<{ version: number; isNew: boolean; isUnchanged: boolean }> {
  const { id } = campaign
  const hash = contentHash(campaign)
  const { publishedBy = null, restoredFrom = null, note = null, expectedVersion } = more
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
    const current = isLive ? known.version : 0
    if (expectedVersion !== undefined && expectedVersion !== current)
      throw new PublishConflict('version', current)
    if (known?.state === 'retired') throw new PublishConflict('retired', current)
    const isUnchanged = isLive && newest?.version === known.version && isSameContent(newest, hash)
    // Never reuses the number of a deleted version: runs may be pinned to it.
    const version = isUnchanged ? known.version : Math.max(newest?.version ?? 0, known?.version ?? 0) + 1
    if (!isUnchanged) {
      const row = { id, version, source, sourceHash, model: campaign, warnings, publishedAt }
      await tx.insert(campaignVersions).values({ ...row, contentHash: hash, publishedBy, restoredFrom, note })
    } else if (newest?.sourceHash !== sourceHash || note !== null) {
      const isNewest = and(eq(campaignVersions.id, id), eq(campaignVersions.version, version))
      const said = note === null ? {} : { note }
      await tx
        .update(campaignVersions)
        .set({ source, sourceHash, ...said })
        .where(isNewest)
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
    return { version, isNew: !isLive, isUnchanged }
  })
}

/** Whether a usable version has this content. An earlier release may have parsed the same file differently. */
function isSameContent(newest: CampaignVersion, hash: string): boolean {
  return contentHash(newest.model) === hash && validateStored(newest.model) === null
}
