import type { StoredCampaign } from '../../store/campaigns/campaign-store.ts'

/** A campaign for API and console. */
export function campaignView({ row, version, broken }: StoredCampaign) {
  return {
    id: row.id,
    name: version?.model.name ?? row.id,
    version: row.version,
    // A deleted campaign has no view.
    state: row.state === 'deleted' ? ('live' as const) : row.state,
    accounts: version?.model.accounts ?? null,
    publishedAt: new Date(version?.publishedAt ?? row.updatedAt).toISOString(),
    broken,
  }
}
