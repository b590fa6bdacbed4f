import type { Cohort } from '../run/cohort.ts'
import { correctedTime, type Entry } from '../run/plan.ts'
import { fittingPattern } from '../shared/pattern.ts'
import { entriesOf } from './items.ts'
import type { Campaign } from './model.ts'
import { localDay } from './zone-offsets.ts'

/** @param timezone IANA name */
export function cohortOf(
  campaign: Pick<Campaign, 'entry'>,
  timezone: string,
  entry: Pick<Entry, 'at' | 'aheadMs' | 'qrScene'>,
): Cohort {
  const patterns = entriesOf(campaign).flatMap(({ qrScenes }) => qrScenes ?? [])
  return {
    day: localDay(timezone, correctedTime(entry)),
    scene: entry.qrScene === null ? null : fittingPattern(patterns, entry.qrScene),
  }
}
