import type { Facts } from '../shared/facts.ts'
import { normaliseExitKeyword } from '../shared/keyword.ts'
import type { Allowance, Scene } from '../wechat/rules/rules.ts'
import type { Condition } from './condition.ts'
import type { EventName } from './event-matcher.ts'
import type { Goal } from './goal.ts'
import type { QuietHours, ZoneOffsets } from './local-time.ts'
import type { Outcome } from './outcome.ts'
import type { Anchor, Clock, PlanFork } from './plan-fork.ts'

/**
 * A campaign compiled for one run: delays and conditions, without message bodies. It is part of the workflow's input, so a
 * new version of the campaign affects new runs only.
 */
export interface Plan {
  campaign: string
  version: number
  steps: readonly PlanStep[]
  /** The least time between the releases of two held steps. */
  spacingMs: number
  /** The run ends this long after the last interaction. */
  windowMs: number
  /** Normalised by `normaliseExitKeyword`. */
  exitKeywords: readonly string[]
  /** Absent for a plan without local times, facts' times and quiet hours, where each step only has a delay. Else possibly empty. */
  forks?: readonly PlanFork[]
  /** The account's time zone. Present when a step names a local time, or there are quiet hours. */
  zone?: ZoneOffsets
  quiet?: QuietHours
  /** Local times and ends of quiet hours are up to this much later, by the seed of the run. */
  spreadMs?: number
  goal?: Goal
  /** Which campaigns may replace a run of this one: those with at least this. Absent: none, for a run of 0.3. */
  priority?: number
  /** A run of this plan begins in the place of one of another campaign. Absent: it waits for the end of that run. */
  replaces?: true
  /** The names of the facts that the plan and its messages use. Absent: all, for a plan that listens to facts; else none. */
  facts?: readonly string[]
  /** The news that the run must be told. Absent: none. */
  listensTo?: readonly News[]
}

/** The kinds of news that no interaction brings. */
export const NEWS = ['fact', 'tag', 'link'] as const
type News = (typeof NEWS)[number]

/**
 * What a run's row keeps of its plan: the parts that events and views need, also after its end, and the local times and quiet
 * hours of the account. The steps are in the campaign version, once for all its runs. A row of 0.3 has the whole plan.
 */
export type StoredPlan = Pick<Plan, 'exitKeywords' | 'windowMs'> & Partial<Plan> & PlanStatistics

/** What statistics must know of a plan. Each is absent when there is none. */
interface PlanStatistics {
  /** The forks of kind `share`, by number. */
  shares?: readonly number[]
  /** The steps that send no message, by id. */
  silent?: readonly string[]
}

export function storedPlan(plan: Plan): StoredPlan {
  const {
    exitKeywords,
    windowMs,
    zone,
    quiet,
    spreadMs,
    goal,
    priority,
    facts,
    listensTo,
    steps,
    forks = [],
  } = plan
  const shares = forks.flatMap(({ kind }, i) => (kind === 'share' ? [i] : []))
  const silent = steps.filter(sendsNothing).map(({ id }) => id)
  return {
    exitKeywords,
    windowMs,
    ...(zone ? { zone } : {}),
    ...(quiet ? { quiet } : {}),
    ...(quiet && spreadMs !== undefined ? { spreadMs } : {}),
    ...(goal ? { goal } : {}),
    ...(priority === undefined ? {} : { priority }),
    ...(facts ? { facts } : {}),
    ...(listensTo ? { listensTo } : {}),
    ...(shares.length > 0 ? { shares } : {}),
    ...(silent.length > 0 ? { silent } : {}),
  }
}

/** The facts that a run of this plan uses; null when it uses none of these. */
export function knownFacts(
  { facts: names, listensTo }: Pick<Plan, 'facts' | 'listensTo'>,
  facts: Facts,
): Facts | null {
  if (!listensTo?.includes('fact')) return null
  const used = names ? Object.entries(facts).filter(([name]) => names.includes(name)) : Object.entries(facts)
  return used.length > 0 ? Object.fromEntries(used) : null
}

/** The whole plan of a row; null when the row refers to its campaign version. */
export function wholePlan(stored: StoredPlan): Plan | null {
  const { campaign, version, steps, spacingMs } = stored
  if (campaign === undefined || version === undefined || steps === undefined || spacingMs === undefined)
    return null
  return { ...stored, campaign, version, steps, spacingMs }
}

export interface PlanStep {
  id: string
  /** The message's kind, `text` or `news` for example; `tag` or `act` for a step without a message. */
  kind: string
  /** True when media must be uploaded to WeChat before the message can be sent. */
  media: boolean
  /** Negative: before the anchor. */
  afterMs: number
  since: Anchor
  /** The step does not start before this. Absent: its own time alone counts. */
  notBefore?: Anchor
  clock?: Clock
  ifLate: 'hold' | 'skip'
  when: 'replied' | 'not-replied' | Condition | null
  /** The index of the first message of this step, in a later message of the same step. */
  part?: number
  /** Goes in quiet hours too. */
  anytime?: true
  /** How long the follower sees that a message is being typed, before the message. */
  typingMs?: number
  /** Tags to add to the follower, after the message when there is one. */
  tag?: readonly string[]
  /** Tags to remove, likewise. */
  untag?: readonly string[]
  acts?: StepActions
  /** Present when the message's template uses the follower's attributes. */
  needsAttributes?: true
}

/** What a step does besides sending and tagging, in this order. */
export interface StepActions {
  /** Facts to set. */
  set?: Facts
  /** The name of an endpoint of the deployment. */
  webhook?: string
  /** The human agent who takes over, `name@account`. */
  handover?: string
  /** The campaign that the follower enters. This run ends. */
  go?: string
}

/** The conditions of steps and branches. */
export function conditionsOf({ steps, forks = [] }: Pick<Plan, 'steps' | 'forks'>): Condition[] {
  return [...steps, ...forks.flatMap(({ branches }) => branches)].flatMap(({ when }) =>
    typeof when === 'object' && when ? [when] : [],
  )
}

/** True for a step without a message. It needs no grant and keeps no spacing. */
export function sendsNothing(step: PlanStep): boolean {
  return step.kind === 'tag' || step.kind === 'act'
}

/** Orders events of one follower: by WeChat's `CreateTime`, then by arrival (the inbox row's number). */
export interface EventStamp {
  /** Epoch ms of `CreateTime`. */
  at: number
  seq: number
}

/** The time of an event. `at` orders events; `correctedTime` is the base for delays and grants. */
export interface EventTime extends EventStamp {
  /**
   * How far this machine's clock was ahead of WeChat's when the event arrived, ms. Absent when the skew was negligible or
   * unknown.
   */
  aheadMs?: number
}

/** When the event happened by this machine's clock, epoch ms. */
export function correctedTime({ at, aheadMs = 0 }: Pick<EventTime, 'at' | 'aheadMs'>): number {
  return at + aheadMs
}

/** The event that started a run. */
export interface Entry extends EventTime {
  /** The callback's dedupe key. It is also the run's key. */
  key: string
  event: EntryName
  qrScene: string | null
  eventKey: string | null
  text: string | null
}

/** The events that begin a run. */
export type EntryName = Extract<
  EventName,
  'subscribe' | 'scan' | 'click' | 'message' | 'tag' | 'api' | 'window-closing'
>

/** What is known of the follower when a run begins. */
export interface KnownAtStart {
  /** A hash of the account, the follower and the campaign, 32 bits. Absent: 0. */
  seed?: number
  /** The follower's facts. */
  own?: Facts
  /** The outcome of the newest earlier run of each campaign; null while that run goes on. */
  history?: Readonly<Record<string, Outcome | null>>
}

/** An entry and the plan that it starts. */
export interface RunStart extends KnownAtStart {
  entry: Entry
  plan: Plan
}

/** News of a follower that no interaction brings: facts, tags given by this product, or the click of a link. */
export type Told = EventTime & { key: string } & (
    | { facts: Facts }
    | { tags: readonly string[] }
    | { link: string }
  )

/** A follow, typed message, menu click or QR scan, in the form that a run receives. */
export interface Interaction extends EventTime {
  key: string
  scene: Scene
  /** What the account's rules profile allows after it; null when nothing. */
  allowance: Allowance | null
  /** A message's text, for exit keywords and `reply.text`. */
  text: string | null
  /** The menu key, or the tapped item of a menu message; absent: not known. */
  eventKey?: string | null
  /** The scene of a scanned QR code; absent: not known. */
  qrScene?: string | null
  /** Present when the text is an exit keyword of the account, which every campaign has. */
  optsOut?: true
  /** Present when this event would start a run if none were active. */
  start?: RunStart
  /** The key of the run that ends for that start. Absent: none. */
  replaces?: string
}

/** True when `a` happened before `b`. */
export function isOlder(a: EventStamp, b: EventStamp): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq)
}

/** True when a text is one of the plan's exit keywords. */
export function isExitText(plan: Pick<Plan, 'exitKeywords'>, text: string): boolean {
  const keyword = normaliseExitKeyword(text)
  return keyword !== '' && plan.exitKeywords.includes(keyword)
}
