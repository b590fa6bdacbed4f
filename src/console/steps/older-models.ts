import type { Campaign } from '../../campaign/model.ts'
import type { CampaignStore } from '../../store/campaigns/campaign-store.ts'
import type { Language } from '../texts/bilingual.ts'
import { stepNames } from './step-names.ts'

/** Steps that no newer version has were removed long ago: their ids say enough. */
const MOST_VERSIONS = 20

/** Older versions of a campaign, newest first, until every step is in one of them or in `model`. The store keeps them in memory. */
export async function olderModels(
  campaigns: Pick<CampaignStore, 'version'>,
  { id, version, model }: { id: string; version: number; model: Campaign | null },
  steps: readonly string[],
  /** Of the reader, whose names are then kept for the page. */
  language: Language,
): Promise<Campaign[]> {
  const isIn = (found: Campaign | null) => (step: string) => stepNames(found, language).of(step) !== null
  let left = steps.filter((step) => !isIn(model)(step))
  const found: Campaign[] = []
  for (let n = version - 1; left.length > 0 && n >= Math.max(1, version - MOST_VERSIONS); n--) {
    const older = (await campaigns.version(id, n))?.model ?? null
    const before = left.length
    left = left.filter((step) => !isIn(older)(step))
    if (older && left.length < before) found.push(older)
  }
  return found
}
