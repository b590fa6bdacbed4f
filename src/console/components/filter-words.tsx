import type { BulkJobView } from '../../api/views/bulk-job-view.ts'
import { timeInBeijing } from '../../shared/beijing-time.ts'
import type { Named } from '../../store/runs/choices.ts'
import type { FilterName } from '../follower-list.ts'
import { BULK_TEXTS } from '../texts/bulk-texts.ts'
import { FOLLOWERS_TEXTS } from '../texts/follower-texts.ts'
import { RUN_STATES, useLabel } from '../texts/labels.ts'
import { OUTCOMES, REASONS } from '../texts/reason-labels.ts'
import { useText } from '../view.ts'

/** What the list of followers can be narrowed to. */
export interface FilterChoices {
  accounts: readonly Named[]
  campaigns: readonly (Named & { version: number })[]
  /** The bulk job of the filter; null: there is none. */
  job?: BulkJobView | null
}

/** The names of filters in the reader's language. For components only. */
export function useFilterNames(): (name: FilterName) => string {
  const texts = useText(FOLLOWERS_TEXTS)
  const { bulkJob, bulkResult } = useText(BULK_TEXTS).filters
  const names = { ...texts, appId: texts.account, openId: 'openId', status: texts.state, bulkJob, bulkResult }
  return (name) => names[name]
}

/** The values of filters in words. For components only. */
export function useFilterValues({
  accounts,
  campaigns,
  job = null,
}: FilterChoices): (name: FilterName, value: string) => string {
  const texts = useText(FOLLOWERS_TEXTS)
  const bulk = useText(BULK_TEXTS)
  const labels = { status: useLabel(RUN_STATES), outcome: useLabel(OUTCOMES), reason: useLabel(REASONS) }
  return (name, value) => {
    if (name === 'appId') return accounts.find(({ id }) => id === value)?.name ?? value
    if (name === 'campaign') return campaigns.find(({ id }) => id === value)?.name ?? value
    if (name === 'version') return texts.nth(Number(value))
    if (name === 'closing') return texts.closesWithin(Number(value))
    if (name === 'status' || name === 'outcome' || name === 'reason') return labels[name](value)
    if (name === 'bulkJob' && job) return `${bulk.verbs[job.action]} ${minuteOf(job.createdAt)}`
    if (name === 'bulkResult') return bulk.results[value as keyof typeof bulk.results] ?? value
    return value
  }
}

/** `11-30 14:05` in Beijing. */
const minuteOf = (at: string) => timeInBeijing(Date.parse(at)).slice(5, 16)
