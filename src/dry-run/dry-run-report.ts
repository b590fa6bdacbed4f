import { planOfVersion } from '../campaign/compiled-plan.ts'
import type { Campaign } from '../campaign/model.ts'
import type { Plan } from '../run/plan.ts'
import { branchOf } from '../run/plan-fork.ts'
import { type Tally, tallyOf } from '../run/tally.ts'
import { addTo } from '../shared/own-value.ts'
import type { RecordedRun } from '../store/inbox/recorded-events.ts'
import type { Replayed } from './follower-replay.ts'

type Counts = Record<string, number>

/** What became of a step: `sent`, `unknown`, `skipped:REASON`, `failed:ERRCODE`, or `open`. */
interface StepCounts {
  step: string
  results: Counts
}

/** What became of runs. */
export interface RunCounts {
  begun: number
  /** Not ended yet. */
  open: number
  outcomes: Counts
  steps: StepCounts[]
  /** The branches taken, by the id of their fork. */
  forks: { fork: string; branches: Counts }[]
  goals: number
  /** Passive replies by their path in the file. Of what really happened only those of `answers`. */
  replies: Counts
}

/** The counts of a dry run, and of what really happened. */
export interface DryRunCounts {
  dryRun: RunCounts & {
    /** Why events that fit the campaign began no run. */
    notBegun: Counts
    /** Messages by the scene of the grant that paid. */
    grants: Counts
  }
  real: RunCounts
  /** Runs, by the event that began them. */
  comparison: { same: number; different: number; onlyDryRun: number; onlyReal: number }
}

/** What is counted of a run, played or real. */
interface CountedRun {
  key: string
  outcome: string | null
  tally: Tally | null
  plan: Pick<Plan, 'steps' | 'forks'>
}

/** Collects what was found for each follower. Nothing of it names a follower. */
export class DryRunReport {
  readonly #played: RunTally
  readonly #real: RunTally
  readonly #notBegun: Counts = {}
  readonly #grants: Counts = {}
  readonly #comparison = { same: 0, different: 0, onlyDryRun: 0, onlyReal: 0 }

  constructor(campaign: Campaign, version: number) {
    const { steps, forks = [] } = planOfVersion(campaign, version)
    const order = { steps: steps.map(({ id }) => id), forks: forks.map(({ id }) => id) }
    this.#played = new RunTally(order)
    this.#real = new RunTally(order)
  }

  /**
   * @param real the runs that really began in the period, with their plans
   * @param goals the keys of those that reached their goal
   */
  add(
    replayed: Replayed,
    real: readonly (RecordedRun & { compiled: Plan | null })[],
    goals: ReadonlySet<string>,
  ): void {
    for (const reason of replayed.notBegun) addTo(this.#notBegun, reason)
    for (const reply of replayed.replies) addTo(this.#played.replies, reply)
    const played = replayed.runs.map(({ entry, state, plan, paid }): CountedRun => {
      for (const scene of paid) addTo(this.#grants, scene)
      return { key: entry.key, outcome: state.outcome, tally: tallyOf(state), plan }
    })
    const happened = real.map(({ runKey, outcome, tally, compiled }): CountedRun => {
      return { key: runKey, outcome, tally, plan: compiled ?? { steps: [] } }
    })
    for (const run of played) this.#played.add(run, replayed.goals.has(run.key))
    for (const run of happened) this.#real.add(run, goals.has(run.key))
    const byKey = new Map(happened.map((run) => [run.key, run]))
    for (const run of played) {
      const other = byKey.get(run.key)
      byKey.delete(run.key)
      this.#comparison[!other ? 'onlyDryRun' : isSame(run, other) ? 'same' : 'different'] += 1
    }
    this.#comparison.onlyReal += byKey.size
  }

  /** A reply that was really given. */
  addRealReply(path: string): void {
    addTo(this.#real.replies, path)
  }

  get counts(): DryRunCounts {
    return {
      dryRun: { ...this.#played.counts, notBegun: this.#notBegun, grants: this.#grants },
      real: this.#real.counts,
      comparison: this.#comparison,
    }
  }
}

class RunTally {
  readonly replies: Counts = {}
  readonly #order: { steps: readonly string[]; forks: readonly string[] }
  readonly #outcomes: Counts = {}
  readonly #steps = new Map<string, Counts>()
  readonly #forks = new Map<string, Counts>()
  #begun = 0
  #open = 0
  #goals = 0

  constructor(order: { steps: readonly string[]; forks: readonly string[] }) {
    this.#order = order
  }

  add({ outcome, tally, plan }: CountedRun, hasGoal: boolean): void {
    this.#begun += 1
    if (outcome === null) this.#open += 1
    else addTo(this.#outcomes, outcome)
    if (hasGoal) this.#goals += 1
    const ends = new Map((tally?.steps ?? []).map(([id = '', ...marks]) => [id, endOf(marks)]))
    for (const { id } of plan.steps) addTo(entryOf(this.#steps, id), ends.get(id) ?? 'open')
    for (const [i, fork] of (plan.forks ?? []).entries()) {
      const took = tally?.forks?.[i] ?? null
      if (took !== null) addTo(entryOf(this.#forks, fork.id), branchOf(fork, took).name)
    }
  }

  get counts(): RunCounts {
    const { steps, forks } = this.#order
    return {
      begun: this.#begun,
      open: this.#open,
      outcomes: this.#outcomes,
      steps: ordered(this.#steps, steps).map(([step, results]) => ({ step, results })),
      forks: ordered(this.#forks, forks).map(([fork, branches]) => ({ fork, branches })),
      goals: this.#goals,
      replies: this.replies,
    }
  }
}

/** How a step ended. The marks `due` and `held` are of steps that may still be open. */
function endOf(marks: readonly string[]): string {
  return marks.find((mark) => mark !== 'due' && mark !== 'held') ?? 'open'
}

/** Whether two runs went the same way: the same end, the same steps and branches. */
function isSame(a: CountedRun, b: CountedRun): boolean {
  return wayOf(a) === wayOf(b)
}

function wayOf({ outcome, tally, plan }: CountedRun): string {
  const steps = (tally?.steps ?? []).map(([id = '', ...marks]) => [id, endOf(marks)])
  const forks = (plan.forks ?? []).map((fork, i) => {
    const took = tally?.forks?.[i] ?? null
    return [fork.id, took === null ? null : branchOf(fork, took).name]
  })
  return JSON.stringify([outcome, steps.filter(([, end]) => end !== 'open').sort(), forks.sort()])
}

function entryOf(map: Map<string, Counts>, key: string): Counts {
  const known = map.get(key) ?? {}
  map.set(key, known)
  return known
}

/** In the order of the file; what only another version has comes last. */
function ordered(map: ReadonlyMap<string, Counts>, ids: readonly string[]): [string, Counts][] {
  const rank = (id: string) => (ids.includes(id) ? ids.indexOf(id) : ids.length)
  return [...map].sort(([a], [b]) => rank(a) - rank(b))
}
