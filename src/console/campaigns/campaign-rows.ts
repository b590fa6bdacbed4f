import { headText } from '../../campaign/edit-head.ts'
import type { FileEvent } from '../../campaign/event-model.ts'
import { entriesOf } from '../../campaign/items.ts'
import type { StoredCampaign } from '../../store/campaigns/campaign-store.ts'
import type { Draft } from '../../store/campaigns/draft-store.ts'
import type { PageDeps } from '../console-deps.ts'
import { type CampaignActivity, createRecentActivity } from './recent-activity.ts'

/** A campaign in the list: published, a draft, or both. */
export interface CampaignRow {
  id: string
  name: string
  /** `draft`: it was never published. */
  state: 'live' | 'paused' | 'retired' | 'draft'
  /** Why its version cannot be used. */
  broken: string | null
  /** null: it was never published. */
  version: number | null
  /** When it was published; a draft: when it was saved. */
  changedAt: string
  /** null: every account. Undefined: unknown. */
  accounts: readonly string[] | null | undefined
  entries: readonly FileEvent[]
  /** Of the check when it was published. */
  warnings: number
  hasDraft: boolean
  activity: CampaignActivity
}

/** Of a campaign that nobody has entered. */
const NO_ACTIVITY: CampaignActivity = { active: 0, entered: 0, sent: 0, goals: 0 }
/** More than one installation has. The list is filtered in memory. */
const MAX_CAMPAIGNS = 5_000

/**
 * Reads all campaigns and drafts in the order of their ids, with the activity of the last seven days. `at`: when that was counted,
 * epoch ms.
 */
export function createCampaignRows(
  deps: Pick<PageDeps, 'db' | 'campaigns' | 'drafts' | 'pace' | 'now'>,
): () => Promise<{ rows: CampaignRow[]; at: number }> {
  const activity = createRecentActivity(deps)
  return async () => {
    const [stored, drafts, counts] = await Promise.all([
      deps.campaigns.list({ limit: MAX_CAMPAIGNS, states: ['live', 'paused', 'retired'] }),
      deps.drafts.list({ limit: MAX_CAMPAIGNS }),
      activity.get(),
    ])
    const byId = new Map(drafts.map((draft) => [draft.id, draft]))
    const published = new Set(stored.map(({ row }) => row.id))
    const rows = [
      ...stored.map((campaign) => publishedRow(campaign, byId.has(campaign.row.id))),
      ...drafts.filter(({ id }) => !published.has(id)).map(draftRow),
    ]
    return {
      rows: rows
        .map((row) => ({ ...row, activity: counts.value.get(row.id) ?? NO_ACTIVITY }))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
      at: counts.at,
    }
  }
}

function publishedRow({ row, version, broken }: StoredCampaign, hasDraft: boolean) {
  return {
    id: row.id,
    name: version?.model.name ?? row.id,
    // Deleted campaigns are not read.
    state: row.state as 'live' | 'paused' | 'retired',
    broken,
    version: row.version,
    changedAt: new Date(version?.publishedAt ?? row.updatedAt).toISOString(),
    accounts: version ? (version.model.accounts ?? null) : undefined,
    entries: version ? entriesOf(version.model) : [],
    warnings: Array.isArray(version?.warnings) ? version.warnings.length : 0,
    hasDraft,
  }
}

function draftRow({ id, source, savedAt }: Draft) {
  return {
    id,
    name: headText(source, 'name') ?? id,
    state: 'draft' as const,
    broken: null,
    version: null,
    changedAt: new Date(savedAt).toISOString(),
    accounts: undefined,
    entries: [],
    warnings: 0,
    hasDraft: true,
  }
}
