import { headText } from '../../campaign/edit-head.ts'
import type { StoredCampaign } from '../../store/campaigns/campaign-store.ts'
import type { Draft } from '../../store/campaigns/draft-store.ts'
import { activeRunsByVersion } from '../../store/runs/campaign-runs.ts'
import type { FramedCampaign } from '../components/campaign-frame.tsx'
import type { PageDeps } from '../console-deps.ts'

/** A campaign with its draft, as its pages need them. */
export interface OpenCampaign {
  framed: FramedCampaign
  /** null: it was never published. */
  stored: StoredCampaign | null
  draft: Draft | null
  /** Runs that have not ended, by version. */
  activeByVersion: ReadonlyMap<number, number>
}

/** Reads a campaign for one of its pages. Null: there is neither a version nor a draft. */
export async function openCampaign(
  deps: Pick<PageDeps, 'db' | 'campaigns' | 'drafts'>,
  id: string,
): Promise<OpenCampaign | null> {
  const [stored, draft, runs] = await Promise.all([
    deps.campaigns.find(id),
    deps.drafts.find(id),
    activeRunsByVersion(deps.db, id),
  ])
  if (!stored && !draft) return null
  // A deleted campaign may have runs still, but the draft is of a new one.
  const activeByVersion = stored ? runs : new Map<number, number>()
  const active = [...activeByVersion.values()].reduce((sum, n) => sum + n, 0)
  const framed: FramedCampaign = {
    id,
    name: stored?.version?.model.name ?? (draft ? headText(draft.source, 'name') : null) ?? id,
    // Deleted campaigns are not found.
    state: stored ? (stored.row.state as 'live' | 'paused' | 'retired') : 'draft',
    version: stored?.row.version ?? null,
    draft,
    active,
  }
  return { framed, stored, draft, activeByVersion }
}
