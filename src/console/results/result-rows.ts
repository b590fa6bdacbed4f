import { branchNames } from '../../campaign/branch-names.ts'
import { type CampaignFork, type CampaignItem, type CampaignStep, isFork } from '../../campaign/item-model.ts'
import { messagesOf } from '../../campaign/items.ts'
import type { Campaign } from '../../campaign/model.ts'
import { partId } from '../../campaign/part-id.ts'
import type { Statistics, StepCounts } from '../../campaign/statistics/report.ts'
import { ownValue } from '../../shared/own-value.ts'

/** A row of the table of steps: a step, or the head of a branch, which stands above its steps. */
export type ResultRow =
  | {
      kind: 'step'
      /** Of branches around it. */
      depth: number
      step: StepCounts
      /** How many runs have come into its branch; null: it is in none. */
      taken: number | null
    }
  | { kind: 'branch'; depth: number; fork: string; branch: string; taken: number; ofFork: number }
  /** The passive reply at the entry, of which no count is kept. */
  | { kind: 'reply' }
  | { kind: 'others' }

/**
 * All steps of a campaign in the order of its file, with the branches around them, also those that nothing is counted of yet.
 * Below them stand counted steps that it does not have: those of other versions.
 * @param model null: it cannot be read; then the counted steps are all there is
 */
export function resultRows(model: Campaign | null, version: number, statistics: Statistics): ResultRow[] {
  const counted = new Map(statistics.steps.map((step) => [step.step, step]))
  const reply: ResultRow[] = model?.reply ? [{ kind: 'reply' }] : []
  const rows = model ? [...reply, ...rowsOf(model, { version, statistics, counted })] : []
  const shown = new Set(rows.map((row) => (row.kind === 'step' ? row.step.step : '')))
  const others = statistics.steps.filter(({ step }) => !shown.has(step))
  const otherRows = others.map((step): ResultRow => ({ kind: 'step', depth: 0, step, taken: null }))
  return rows.length === 0 || others.length === 0
    ? [...rows, ...otherRows]
    : [...rows, { kind: 'others' }, ...otherRows]
}

interface Counted {
  version: number
  statistics: Statistics
  counted: ReadonlyMap<string, StepCounts>
}

function rowsOf(model: Campaign, { version, statistics, counted }: Counted): ResultRow[] {
  const countOf = branchCounts(model, version, statistics)
  const ofStep = (step: CampaignStep, depth: number, taken: number | null): ResultRow[] => {
    const parts = Math.max(1, messagesOf({ path: '', step }).length)
    return Array.from({ length: parts }, (_, i) => {
      const id = partId(step.id, i)
      return { kind: 'step', depth, taken, step: counted.get(id) ?? notCounted(id) }
    })
  }
  const ofItems = (items: readonly CampaignItem[], depth: number, taken: number | null): ResultRow[] =>
    items.flatMap((item) => {
      if (item === 'end') return []
      return isFork(item) ? ofFork(item, depth, taken) : ofStep(item, depth, taken)
    })
  const ofFork = (fork: CampaignFork, depth: number, around: number | null): ResultRow[] => {
    const ofBranch = (i: number | null, items: readonly CampaignItem[]): ResultRow[] => {
      const counts = countOf(fork.id, i)
      return [{ kind: 'branch', depth, fork: fork.id, ...counts }, ...ofItems(items, depth + 1, counts.taken)]
    }
    return [
      ...(fork.meanwhile ?? []).flatMap((step) => ofStep(step, depth, around)),
      ...fork.branches.flatMap((branch, i) => ofBranch(i, branch.steps)),
      ...ofBranch(null, fork.else ?? []),
    ]
  }
  return ofItems(model.steps, 0, null)
}

/** How many runs took a branch, and how many any of its fork; its name as counts have it. */
type BranchCount = (fork: string, branch: number | null) => { branch: string; taken: number; ofFork: number }

/** Looks up the counts of branches by their place; null is `else`. */
function branchCounts(model: Campaign, version: number, { forks }: Statistics): BranchCount {
  const namesOf = branchNames(model, version)
  const takenOf = new Map(forks.map(({ fork, taken }) => [fork, taken]))
  return (fork, i) => {
    const names = namesOf.get(fork)
    const branch = (i === null ? names?.otherwise : names?.branches[i]) ?? ''
    const all = takenOf.get(fork) ?? {}
    const ofFork = Object.values(all).reduce((sum, n) => sum + n, 0)
    return { branch, taken: ownValue(all, branch) ?? 0, ofFork }
  }
}

const notCounted = (step: string): StepCounts => ({
  ...{ step, due: 0, held: 0, sent: 0, unknown: 0, skipped: {}, failed: {}, clicked: {} },
  ...{ repliedAfter: 0, unfollowedAfter: 0, goalAfter: 0 },
})

/**
 * To how many runs the first step of their way in was sent. Where the way divides at once, each branch has its own. A branch
 * without a step leads to the step behind the fork, whose count is limited to the runs that took this branch.
 * @param model null: it cannot be read; then the first counted step stands for it
 */
export function firstSent(model: Campaign | null, version: number, statistics: Statistics): number {
  if (!model) return statistics.steps[0]?.sent ?? 0
  const sent = new Map(statistics.steps.map((step) => [step.step, step.sent]))
  const countOf = branchCounts(model, version, statistics)
  const first = (items: readonly CampaignItem[]): number | null => {
    const step = firstStep(items)
    if (step) return sent.get(step.id) ?? 0
    const [item, ...behind] = items
    if (item === undefined || item === 'end') return null
    if (!isFork(item)) return null
    const branches = [
      ...item.branches.map(({ steps }, i) => [i, steps] as const),
      [null, item.else ?? []] as const,
    ]
    let all = 0
    for (const [i, steps] of branches) {
      const own = first(steps)
      const { taken } = countOf(item.id, i)
      all += own ?? (steps.includes('end') ? 0 : Math.min(taken, first(behind) ?? 0))
    }
    return all
  }
  return Math.min(statistics.runs.entered, first(model.steps) ?? 0)
}

/** The earliest of the steps before the first fork, counted from the entry; null: there is none. */
function firstStep(items: readonly CampaignItem[]): CampaignStep | null {
  const fork = items.findIndex((item) => item === 'end' || isFork(item))
  const steps = items.slice(0, fork < 0 ? items.length : fork) as CampaignStep[]
  let [earliest = null]: (CampaignStep | null)[] = steps
  let [before, least] = [0, Number.POSITIVE_INFINITY]
  for (const step of steps) {
    // A step after the first answer, or after a fact, is not on the way of everybody.
    const base = step.since === 'entry' ? 0 : step.since === 'previous' ? before : Number.POSITIVE_INFINITY
    before = base + (step.after ?? 0)
    if (before < least) [earliest, least] = [step, before]
  }
  return earliest
}
