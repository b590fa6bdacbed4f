import { branchOf, OTHERWISE, type PlanFork } from '../../run/plan-fork.ts'
import { addTo } from '../../shared/own-value.ts'
import { type AnswerCounts, answerCounts } from './answer-counts.ts'
import type { CountedRow, StatisticsFilter } from './counted-row.ts'
import { pValue } from './significance.ts'

/**
 * The forks and steps of a campaign version, as compiled, and what its `answers` answer, see `describeEvents`. Null: the version cannot
 * be read.
 */
export type VersionPlan = {
  forks: readonly PlanFork[]
  steps: readonly string[]
  answers: readonly string[]
} | null

/** Numbers by name, like the reasons of skipped steps. */
type Counts = Record<string, number>

/** What is counted of a group of runs. */
interface RunCounts {
  entered: number
  replied: number
  goals: number
  /** The sum of the values of the goals. */
  value: number
  unfollowed: number
}

export interface StepCounts {
  step: string
  due: number
  held: number
  sent: number
  unknown: number
  /** By reason. */
  skipped: Counts
  /** By WeChat's errcode. */
  failed: Counts
  /** By the name of the link. */
  clicked: Counts
  repliedAfter: number
  unfollowedAfter: number
  goalAfter: number
}

interface VariantCounts extends RunCounts {
  branch: string
  /** Goals per entered run, 0 to 1; null while nobody entered. */
  rate: number | null
  /** Compared with the first variant: the p of a two-sided z-test. Null for the first, and while there is not enough. */
  p: number | null
}

export interface Statistics {
  runs: RunCounts & { active: number; ended: Counts; uncounted: number }
  /** In the order of the newest version. */
  steps: StepCounts[]
  forks: { fork: string; taken: Counts }[]
  /** Of each row of `answers` that has answered. */
  answers: AnswerCounts[]
  /** Of each fork of kind `share`. */
  tests: { fork: string; variants: VariantCounts[] }[]
  /** The days of entries, oldest first. */
  days: (RunCounts & { day: string })[]
  /** The patterns of scenes, the most entries first. '' is the rest. */
  scenes: (RunCounts & { scene: string })[]
}

/** Statistics as the operator API answers them. */
export interface CountedStatistics extends Statistics {
  /** When the count had ended, ISO 8601. */
  countedAt: string
}

/**
 * Statistics of a campaign from the store's counts. Forks and branches of several versions are the same when their names are.
 * @param planOf a version; each version is asked once or more
 */
export function statisticsOf(
  rows: readonly CountedRow[],
  planOf: (version: number) => VersionPlan,
  variant?: StatisticsFilter['variant'],
): Statistics {
  const chosen = new Map<string, readonly string[]>()
  const variantsOf = (row: CountedRow): readonly string[] => {
    const key = `${row.version} ${row.variant}`
    const known = chosen.get(key) ?? variantNames(row.variant, planOf(row.version))
    chosen.set(key, known)
    return known
  }
  const counted = variant === undefined ? rows : rows.filter((row) => variantsOf(row).includes(variant))
  const totals = counted.filter(({ day, scene }) => day === null && scene === null)
  const ofRuns = totals.filter(({ step }) => step === '')
  const newestFirst = [...new Set(rows.map(({ version }) => version))].sort((a, b) => b - a).map(planOf)
  return {
    runs: runsOf(ofRuns),
    steps: stepsOf(totals, newestFirst),
    forks: forksOf(totals, planOf, newestFirst),
    answers: answerCounts(totals, (version) => planOf(version)?.answers ?? null),
    tests: testsOf(ofRuns, variantsOf, newestFirst),
    days: groupsOf(counted, ({ day }) => day)
      .map(([day, of]) => ({ day, ...countsOf(of) }))
      .sort((a, b) => (a.day < b.day ? -1 : 1)),
    scenes: groupsOf(counted, ({ scene }) => scene)
      .map(([scene, of]) => ({ scene, ...countsOf(of) }))
      .sort((a, b) => b.entered - a.entered || (a.scene < b.scene ? -1 : 1)),
  }
}

/** `fork=branch` for each decision of a share. Those of an unreadable version have no names. */
function variantNames(variant: string, plan: VersionPlan): string[] {
  if (variant === '') return []
  return variant.split(',').flatMap((pair) => {
    const [fork, took] = pair.split('=').map(Number)
    const planned = plan?.forks[fork ?? -1]
    return planned && took !== undefined ? [`${planned.id}=${branchOf(planned, took).name}`] : []
  })
}

function runsOf(rows: readonly CountedRow[]): Statistics['runs'] {
  const counts = countsOf(rows)
  const ended = sumBy(rows, 'ended:')
  const over = Object.values(ended).reduce((sum, n) => sum + n, 0)
  return { ...counts, active: counts.entered - over, ended, uncounted: total(rows, 'uncounted') }
}

function countsOf(rows: readonly CountedRow[]): RunCounts {
  return {
    entered: total(rows, 'entered'),
    replied: total(rows, 'replied'),
    goals: total(rows, 'goal'),
    value: rows.reduce((sum, { metric, value }) => (metric === 'goal' ? sum + value : sum), 0),
    unfollowed: total(rows, 'ended:unsubscribed'),
  }
}

function stepsOf(rows: readonly CountedRow[], plans: readonly VersionPlan[]): StepCounts[] {
  const counted = groupsOf(rows, ({ step, metric }) =>
    step === '' || metric === 'answered' || metric.startsWith('taken:') ? null : step,
  )
  const order = inOrder(plans.map((plan) => plan?.steps ?? []))
  return counted
    .map(([step, of]) => ({
      step,
      due: total(of, 'due'),
      held: total(of, 'held'),
      sent: total(of, 'sent'),
      unknown: total(of, 'unknown'),
      skipped: sumBy(of, 'skipped:'),
      failed: sumBy(of, 'failed:'),
      clicked: sumBy(of, 'clicked:'),
      repliedAfter: total(of, 'replied-after'),
      unfollowedAfter: total(of, 'unfollowed-after'),
      goalAfter: total(of, 'goal-after'),
    }))
    .sort((a, b) => placeOf(order, a.step) - placeOf(order, b.step))
}

function forksOf(
  rows: readonly CountedRow[],
  planOf: (version: number) => VersionPlan,
  plans: readonly VersionPlan[],
): Statistics['forks'] {
  const forks = new Map<string, Counts>()
  for (const { version, step, took, n } of takenInOrder(rows)) {
    const fork = planOf(version)?.forks[Number(step)]
    const name = fork?.id ?? `#${Number(step) + 1}`
    const branch = fork ? branchOf(fork, took).name : `#${took + 1}`
    const taken = forks.get(name) ?? {}
    addTo(taken, branch, n)
    forks.set(name, taken)
  }
  const order = inOrder(plans.map((plan) => plan?.forks.map(({ id }) => id) ?? []))
  return [...forks]
    .map(([fork, taken]) => ({ fork, taken }))
    .sort((a, b) => placeOf(order, a.fork) - placeOf(order, b.fork))
}

/** How often branches were taken: the newest version first, and branches in the order of the file, with `else` last. */
function takenInOrder(rows: readonly CountedRow[]) {
  return rows
    .filter(({ metric }) => metric.startsWith('taken:'))
    .map((row) => ({ ...row, took: Number(row.metric.slice('taken:'.length)) }))
    .sort((a, b) => b.version - a.version || placeOfBranch(a.took) - placeOfBranch(b.took))
}

const placeOfBranch = (took: number) => (took === OTHERWISE ? Number.POSITIVE_INFINITY : took)

function testsOf(
  rows: readonly CountedRow[],
  variantsOf: (row: CountedRow) => readonly string[],
  plans: readonly VersionPlan[],
): Statistics['tests'] {
  const shares = plans.flatMap((plan) => plan?.forks.filter(({ kind }) => kind === 'share') ?? [])
  const ids = [...new Set(shares.map(({ id }) => id))]
  return ids.flatMap((fork) => {
    const ofFork = shares.filter(({ id }) => id === fork)
    const branches = inOrder([
      ...ofFork.map((f) => f.branches.map(({ name }) => name)),
      ofFork.map((f) => branchOf(f, OTHERWISE).name),
    ])
    const counted = branches.flatMap((branch) => {
      const counts = countsOf(rows.filter((row) => variantsOf(row).includes(`${fork}=${branch}`)))
      return counts.entered > 0 ? [{ branch, ...counts }] : []
    })
    const [first] = counted
    if (!first) return []
    const variants = counted.map((of) => ({
      ...of,
      rate: of.entered > 0 ? of.goals / of.entered : null,
      p: of === first ? null : pValue(first, of),
    }))
    return [{ fork, variants }]
  })
}

function total(rows: readonly CountedRow[], metric: string): number {
  return rows.reduce((sum, row) => (row.metric === metric ? sum + row.n : sum), 0)
}

/** Sums of the metrics that begin so, by the rest of their name, the largest first. */
function sumBy(rows: readonly CountedRow[], prefix: string): Counts {
  const sums = new Map<string, number>()
  for (const { metric, n } of rows)
    if (metric.startsWith(prefix)) {
      const name = metric.slice(prefix.length)
      sums.set(name, (sums.get(name) ?? 0) + n)
    }
  return Object.fromEntries([...sums].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)))
}

/** Groups rows by a key. Rows without one are left out. */
function groupsOf(
  rows: readonly CountedRow[],
  keyOf: (row: CountedRow) => string | null,
): [string, CountedRow[]][] {
  const groups = new Map<string, CountedRow[]>()
  for (const row of rows) {
    const key = keyOf(row)
    if (key === null) continue
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  return [...groups]
}

/** All names of several lists, each once. */
function inOrder(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())]
}

function placeOf(order: readonly string[], name: string): number {
  const place = order.indexOf(name)
  return place < 0 ? order.length : place
}
