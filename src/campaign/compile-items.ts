import type { PlanStep } from '../run/plan.ts'
import { type Anchor, type Branch, type Clock, OTHERWISE, type PlanFork } from '../run/plan-fork.ts'
import { compileCondition, compileEvents } from './compile-events.ts'
import {
  type CampaignBranch,
  type CampaignFork,
  type CampaignItem,
  type CampaignStep,
  isFork,
  weekdays,
} from './item-model.ts'
import { messagesOf } from './items.ts'
import { needsOf } from './message.ts'
import { kindOf } from './message-model.ts'
import { partId } from './part-id.ts'

/** Ten-thousandths in a percent. */
const SHARES_PER_PERCENT = 100

/** Where an item is on the follower's way. */
interface Place {
  /** The item before it. */
  previous: Anchor
  /** Below or in a fork: its decision. */
  notBefore: Anchor | null
  parent: PlanFork['parent']
  /** The ids of steps and forks above it on its way. */
  above: ReadonlyMap<string, Anchor>
}

/** A list of items, compiled: what follows it. */
interface Compiled {
  previous: Anchor
  notBefore: Anchor | null
  ends: boolean
}

/**
 * Compiles the items of a campaign to a flat list of steps, and a flat list of forks that refers to it by ranges.
 * @returns `isFlat`: no step needs a fork, a local time or a fact, as in files before forks
 */
export function compileItems(items: readonly CampaignItem[]): {
  steps: PlanStep[]
  forks: PlanFork[]
  isFlat: boolean
} {
  const compiler = new ItemCompiler()
  compiler.compile(items, { previous: 'entry', notBefore: null, parent: null, above: new Map() })
  const { steps, forks } = compiler
  const isFlat = forks.length === 0 && steps.every(({ since, clock }) => !clock && typeof since === 'string')
  return { steps, forks, isFlat }
}

class ItemCompiler {
  readonly steps: PlanStep[] = []
  readonly forks: PlanFork[] = []

  compile(items: readonly CampaignItem[], place: Place): Compiled {
    let { previous, notBefore } = place
    const above = new Map(place.above)
    for (const item of items) {
      if (item === 'end') return { previous, notBefore, ends: true }
      const here = { ...place, previous, notBefore, above }
      if (isFork(item)) {
        const fork = this.compileFork(item, here)
        above.set(item.id, { taken: fork })
        previous = { end: fork }
        notBefore = { settled: fork }
      } else {
        const first = this.steps.length
        this.compileStep(item, here)
        above.set(item.id, { step: first })
        previous = { step: this.steps.length - 1 }
      }
    }
    return { previous, notBefore, ends: false }
  }

  private compileStep(step: CampaignStep, place: Place): void {
    const index = this.steps.length
    const messages = messagesOf({ path: '', step })
    const count = Math.max(1, messages.length)
    for (let i = 0; i < count; i++) {
      const message = messages[i]?.message
      const needs = message ? needsOf(message) : { media: false, attributes: false }
      const isLast = i === count - 1
      this.steps.push({
        id: partId(step.id, i),
        kind: message ? kindOf(message) : actionsOf(step) ? 'act' : 'tag',
        media: needs.media,
        ...(i === 0 ? this.timingOf(step, place, index) : { afterMs: 0, since: 'previous' as const }),
        ifLate: i === 0 ? step.ifLate : 'hold',
        when: i === 0 ? whenOf(step) : null,
        ...(place.notBefore ? { notBefore: place.notBefore } : {}),
        ...(i > 0 ? { part: index } : {}),
        ...(step.anytime ? { anytime: true as const } : {}),
        ...(i === 0 && step.typing !== undefined ? { typingMs: step.typing } : {}),
        ...(isLast && step.tag ? { tag: step.tag } : {}),
        ...(isLast && step.untag ? { untag: step.untag } : {}),
        ...(isLast ? actsField(step) : {}),
        ...(needs.attributes ? { needsAttributes: true as const } : {}),
      })
    }
  }

  private compileFork(fork: CampaignFork, place: Place): number {
    const index = this.forks.length
    const kind = kindOfFork(fork)
    const timing = timingOf(fork, anchorOf(fork.since, place))
    const planned: PlanFork = {
      id: fork.id,
      kind,
      at: this.steps.length,
      end: 0,
      parent: place.parent,
      ...timing,
      ...(place.notBefore ? { notBefore: place.notBefore } : {}),
      waitMs: kind === 'on' ? (fork.wait ?? 0) : null,
      branches: [],
      otherwise: { name: 'else', from: 0, to: 0, last: { taken: index } },
    }
    // Before its branches, so that forks are in the order of the file.
    this.forks.push(planned)
    const meanwhile = { previous: { open: index }, notBefore: { open: index } } as const
    const opened = new Map([...place.above, [fork.id, { open: index }] as const])
    this.compile(fork.meanwhile ?? [], { ...place, ...meanwhile, above: opened })
    let upTo = 0
    const branches = fork.branches.map((branch, b): Branch => {
      const compiled = this.compileBranch(fork.id, branch.steps, branchName(branch, b), [index, b], place)
      upTo += Math.round((branch.share ?? 0) * SHARES_PER_PERCENT)
      return {
        ...compiled,
        ...(branch.on ? { on: compileEvents(branch.on) } : {}),
        ...(branch.when ? { when: compileCondition(branch.when) } : {}),
        ...(branch.share === undefined ? {} : { upTo }),
      }
    })
    const otherwise = this.compileBranch(fork.id, fork.else ?? [], 'else', [index, OTHERWISE], place)
    this.forks[index] = { ...planned, branches, otherwise, end: this.steps.length }
    return index
  }

  private compileBranch(
    id: string,
    items: readonly CampaignItem[],
    name: string,
    parent: readonly [number, number],
    place: Place,
  ): Branch {
    const taken = { taken: parent[0] }
    const from = this.steps.length
    const above = new Map([...place.above, [id, taken] as const])
    const { previous, ends } = this.compile(items, { previous: taken, notBefore: taken, parent, above })
    return { name, from, to: this.steps.length, last: previous, ...(ends ? { ends } : {}) }
  }

  /** The step before in the list needs no index, as in plans before forks. */
  private timingOf(
    step: CampaignStep,
    place: Place,
    index: number,
  ): Pick<PlanStep, 'afterMs' | 'since' | 'clock'> {
    const anchor = anchorOf(step.since, place)
    const isBefore =
      step.since === 'previous' &&
      (typeof anchor === 'object' ? 'step' in anchor && anchor.step === index - 1 : index === 0)
    return timingOf(step, isBefore ? 'previous' : anchor)
  }
}

function timingOf(
  {
    after,
    before,
    at,
    day,
    days,
  }: Pick<CampaignStep, 'after' | 'at' | 'day' | 'days'> & { before?: number | undefined },
  since: Anchor,
): Pick<PlanStep, 'afterMs' | 'since' | 'clock'> {
  const afterMs = before === undefined ? (after ?? 0) : -before
  if (at === undefined) return { afterMs, since }
  const clock: Clock = {
    at: minutesOf(at),
    ...(day === undefined ? {} : { day }),
    ...(days === undefined ? {} : { days: weekdays(days) }),
  }
  return { afterMs, since, clock }
}

function anchorOf(since: CampaignStep['since'], { previous, above }: Place): Anchor {
  if (typeof since === 'object') return since
  if (since === 'previous') return previous
  if (since === 'entry' || since === 'reply') return since
  const anchor = above.get(since)
  if (!anchor) throw new Error(`since: ${since} is no step or fork above on this way`)
  return anchor
}

/** Minutes since midnight of `09:30`. */
export function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return 60 * hours + minutes
}

function kindOfFork({ branches }: CampaignFork): PlanFork['kind'] {
  if (branches.some((b) => b.on !== undefined)) return 'on'
  return branches.some((b) => b.when !== undefined) ? 'when' : 'share'
}

/** Branches without a name are a, b, c … */
function branchName({ name }: Pick<CampaignBranch, 'name'>, index: number): string {
  return name ?? String.fromCodePoint(97 + index)
}

function whenOf({ when }: CampaignStep): PlanStep['when'] {
  if (when === undefined) return null
  return typeof when === 'string' ? when : compileCondition(when)
}

function actionsOf({ set, webhook, handover, go }: CampaignStep): boolean {
  return set !== undefined || webhook !== undefined || handover !== undefined || go !== undefined
}

function actsField(step: CampaignStep): Pick<PlanStep, 'acts'> {
  if (!actionsOf(step)) return {}
  const { set, webhook, handover, go } = step
  const acts = {
    ...(set === undefined ? {} : { set }),
    ...(webhook === undefined ? {} : { webhook }),
    ...(handover === undefined ? {} : { handover }),
    ...(go === undefined ? {} : { go }),
  }
  return { acts }
}
