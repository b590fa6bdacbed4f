import { type EventMatcher, fitsAny, type RunEvent } from '../run/event-matcher.ts'
import type { FactTest } from '../run/fact.ts'
import type { Plan } from '../run/plan.ts'
import { type Branch, branchOf, OTHERWISE, type PlanFork } from '../run/plan-fork.ts'
import type { Facts } from '../shared/facts.ts'
import { SECOND_MS } from '../shared/time-units.ts'
import type { PlayedEvent } from './simulation.ts'

/** A way through a campaign: the branch that each fork takes, -1 for `else`; null for a fork that is not on the way. */
export type Way = readonly (number | null)[]

/** As many as a person can read. */
const WAYS_MAX = 1_000
/** How long after a question its answer comes. */
export const ANSWER_AFTER_MS = 10 * SECOND_MS
/** What a follower types who types anything. */
export const ANY_TEXT = '你好，在吗'

/** All ways through a plan, in the order of the branches of its file; with more than `max`, few that take every branch. */
export function waysOf({ forks = [] }: Plan, max: number = WAYS_MAX): Way[] {
  const ways = extendWays(forks, [], max + 1)
  return ways.length <= max ? ways : fewWays(forks)
}

/** How much work it is to play one way of a plan: each action looks at every step. */
export const workOfWay = ({ steps }: Plan): number => Math.max(1, steps.length) ** 2

/** Every way that begins with these choices, at most `max`. */
function extendWays(forks: readonly PlanFork[], chosen: Way, max: number): Way[] {
  const fork = forks[chosen.length]
  if (!fork) return [chosen]
  if (!isOnWay(forks, chosen)) return extendWays(forks, [...chosen, null], max)
  const ways: Way[] = []
  for (const branch of branchesOf(fork)) {
    ways.push(...extendWays(forks, [...chosen, branch], max - ways.length))
    if (ways.length >= max) break
  }
  return ways
}

const branchesOf = (fork: PlanFork): number[] => [...fork.branches.keys(), OTHERWISE]

/** Whether the next fork is on a way with these choices. */
function isOnWay(forks: readonly PlanFork[], chosen: Way): boolean {
  const index = chosen.length
  const parent = forks[index]?.parent
  if (parent && chosen[parent[0]] !== parent[1]) return false
  // Below a branch that ends there is nothing.
  return !forks.slice(0, index).some((above, i) => {
    const took = chosen[i] ?? null
    return took !== null && branchOf(above, took).ends === true && !isInside(forks, index, i)
  })
}

function isInside(forks: readonly PlanFork[], inner: number, fork: number): boolean {
  for (let parent = forks[inner]?.parent; parent; parent = forks[parent[0]]?.parent)
    if (parent[0] === fork) return true
  return false
}

/** A way for each branch, which takes no other branch than it needs. */
export function wayPerBranch({ forks = [] }: Plan): Way[] {
  const ways = forks.flatMap((fork, index) =>
    branchesOf(fork).map((branch) => wayThrough(forks, index, branch, () => false)),
  )
  return unique(ways)
}

/** Few ways that together take every branch that a way can take. */
function fewWays(forks: readonly PlanFork[]): Way[] {
  const open = new Set(forks.flatMap((fork, index) => branchesOf(fork).map((b) => `${index} ${b}`)))
  const ways: Way[] = []
  for (const [index, fork] of forks.entries())
    for (const branch of branchesOf(fork)) {
      if (!open.has(`${index} ${branch}`)) continue
      const way = wayThrough(forks, index, branch, (i, b) => open.has(`${i} ${b}`))
      ways.push(way)
      for (const [i, took] of way.entries()) open.delete(`${i} ${took}`)
    }
  return unique(ways)
}

const unique = (ways: readonly Way[]): Way[] => [...new Map(ways.map((way) => [way.join(), way])).values()]

/**
 * A way that takes a branch of a fork. The other forks take a branch that leads there, else one that does not end.
 * @param isWanted which of these are taken first
 */
function wayThrough(
  forks: readonly PlanFork[],
  target: number,
  branch: number,
  isWanted: (fork: number, branch: number) => boolean,
): Way {
  const leading = new Map([[target, branch]])
  for (let parent = forks[target]?.parent; parent; parent = forks[parent[0]]?.parent)
    leading.set(parent[0], parent[1])
  let way: Way = []
  for (const [i, fork] of forks.entries()) {
    const going = branchesOf(fork).filter((b) => branchOf(fork, b).ends !== true)
    const free = going.find((b) => isWanted(i, b)) ?? going[0] ?? 0
    way = [...way, isOnWay(forks, way) ? (leading.get(i) ?? free) : null]
  }
  return way
}

/** A way as people read it: `ask → 领取, test → 直接`. */
export function wayName({ forks = [] }: Plan, way: Way): string {
  return way
    .flatMap((took, i) => {
      const fork = forks[i]
      return took === null || !fork ? [] : [`${fork.id} → ${branchOf(fork, took).name}`]
    })
    .join(', ')
}

/** The name of the fact that decides a fork in a simulation. No file can have such a name. */
const decisionOf = (fork: number) => `fork ${fork}`

/**
 * A plan for playing every way: forks by conditions and shares wait for a millisecond, in which an event decides them. The
 * conditions of steps on facts and the follower hold.
 */
export function playablePlan(plan: Plan): Plan {
  const steps = plan.steps.map(({ needsAttributes: _, ...step }) => ({
    ...step,
    when: typeof step.when === 'object' ? null : step.when,
  }))
  const forks = plan.forks?.map((fork, i): PlanFork => {
    if (fork.kind === 'on') return fork
    const on = (b: number): EventMatcher[] => [{ event: 'fact', facts: { [decisionOf(i)]: b } }]
    return {
      ...fork,
      kind: 'on',
      waitMs: 1,
      branches: fork.branches.map((branch, b) => ({ ...branch, on: on(b) })),
    }
  })
  return { ...plan, steps, ...(forks ? { forks } : {}) }
}

/**
 * What makes a waiting fork take a branch; null for `else`, and where nothing can take the branch.
 * @param atMs when the fork began to wait, ms after the entry
 */
export function eventForBranch(
  { forks = [] }: Plan,
  fork: number,
  took: number,
  atMs: number,
): PlayedEvent | null {
  const planned = forks[fork]
  const branch = planned?.branches[took]
  if (!planned || !branch) return null
  if (planned.kind !== 'on') return { atMs, do: 'facts', facts: { [decisionOf(fork)]: took } }
  const above = planned.branches.slice(0, took)
  const afterMs = Math.min(ANSWER_AFTER_MS, (planned.waitMs ?? 0) / 2)
  return answerFor(branch, above, atMs + afterMs)
}

function answerFor({ on = [] }: Branch, above: readonly Branch[], atMs: number): PlayedEvent | null {
  const candidates = on.flatMap((matcher) => samplesOf(matcher, atMs))
  const isFree = (played: PlayedEvent) => {
    const event = runEventOf(played)
    const facts = played.do === 'facts' ? played.facts : {}
    return !above.some((branch) => fitsAny(branch.on ?? [], event, facts))
  }
  return candidates.find(isFree) ?? null
}

/** Events that fit a filter. */
function samplesOf(matcher: EventMatcher, atMs: number): PlayedEvent[] {
  const {
    event,
    keywords = [ANY_TEXT],
    keys = ['key'],
    qrScenes = ['scene'],
    tags = ['tag'],
    links = ['link'],
  } = matcher
  const named = (pattern: string) => pattern.replace(/\*$/, '') || 'x'
  switch (event) {
    case 'message':
      return keywords.map((text) => ({ atMs, do: 'message', text }))
    case 'click':
      return keys.map((key) => ({ atMs, do: 'click', key: named(key) }))
    case 'scan':
      return qrScenes.map((scene) => ({ atMs, do: 'scan', scene: named(scene) }))
    case 'tag':
      return tags.map((tag) => ({ atMs, do: 'tags', tags: [tag] }))
    case 'link':
      return links.map((link) => ({ atMs, do: 'link', link }))
    case 'fact':
      return [{ atMs, do: 'facts', facts: factsFor(matcher.facts ?? {}) }]
    default:
      return []
  }
}

function factsFor(tests: Readonly<Record<string, FactTest>>): Facts {
  return Object.fromEntries(
    Object.entries(tests).map(([name, test]) => {
      if (typeof test !== 'object') return [name, test]
      if (Array.isArray(test)) return [name, test[0] ?? '']
      return [name, 'atLeast' in test ? test.atLeast : 'atMost' in test ? test.atMost : '']
    }),
  )
}

function runEventOf(played: PlayedEvent): RunEvent {
  const at = played.atMs
  switch (played.do) {
    case 'message':
      return { event: 'message', at, text: played.text }
    case 'click':
      return { event: 'click', at, eventKey: played.key }
    case 'scan':
      return { event: 'scan', at, qrScene: played.scene }
    case 'tags':
      return { event: 'tag', at, tags: played.tags }
    case 'link':
      return { event: 'link', at, link: played.link }
    default:
      return { event: 'fact', at }
  }
}

/** Few ways that together take every branch of every fork. */
export function coveringWays({ forks = [] }: Plan, ways: readonly Way[]): Way[] {
  const open = new Set(
    forks.flatMap((fork, i) => [OTHERWISE, ...fork.branches.keys()].map((b) => `${i} ${b}`)),
  )
  const chosen: Way[] = []
  for (;;) {
    let [best, most]: [Way | null, number] = [null, 0]
    for (const way of ways) {
      const takes = way.filter((took, i) => open.has(`${i} ${took}`)).length
      if (takes > most) [best, most] = [way, takes]
    }
    if (!best) return chosen.length > 0 ? chosen : ways.slice(0, 1)
    chosen.push(best)
    for (const [i, took] of best.entries()) open.delete(`${i} ${took}`)
  }
}
