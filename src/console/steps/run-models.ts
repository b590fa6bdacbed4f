import type { Campaign } from '../../campaign/model.ts'
import type { CampaignStore } from '../../store/campaigns/campaign-store.ts'

/** Of a run. */
interface RunVersion {
  campaign: string
  version: number
}

const keyOf = ({ campaign, version }: RunVersion) => `${campaign}@${version}`

/**
 * The campaigns of some runs, each of the version of its run. Each version is read once, and then kept by the store. The result is
 * null for a version that cannot be read.
 */
export async function readModels(
  campaigns: Pick<CampaignStore, 'version'>,
  runs: readonly RunVersion[],
): Promise<(run: RunVersion) => Campaign | null> {
  const versions = new Map(runs.map((run) => [keyOf(run), run]))
  const models = new Map<string, Campaign | null>()
  await Promise.all(
    [...versions].map(async ([key, { campaign, version }]) => {
      models.set(key, (await campaigns.version(campaign, version))?.model ?? null)
    }),
  )
  return (run) => models.get(keyOf(run)) ?? null
}
