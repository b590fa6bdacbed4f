import { normaliseExitKeyword } from '../shared/keyword.ts'
import type { Allowance, Scene } from '../wechat/rules/rules.ts'

/**
 * A campaign compiled for one run: delays and conditions, no message bodies. It is the workflow's input, pinned for the
 * run's life, so that an edit touches new followers only.
 */
export interface Plan {
  campaign: string
  version: number
  steps: readonly PlanStep[]
  /** Least time between two held steps that are released one after the other. */
  spacingMs: number
  /** The run ends this long after the last interaction. */
  windowMs: number
  /** As `normaliseExitKeyword` gives them. */
  exitKeywords: readonly string[]
}

export interface PlanStep {
  id: string
  /** The message's kind, for summaries: `text`, `news`…; `tag` of a step that sends nothing. */
  kind: string
  /** True when a medium must be at WeChat before the message can be sent. */
  media: boolean
  afterMs: number
  since: 'entry' | 'reply' | 'previous'
  ifLate: 'hold' | 'skip'
  when: 'replied' | 'not-replied' | FollowerCondition | null
  /** Tags to give and to take, after the message where there is one. Absent: none. */
  tag?: readonly string[]
  untag?: readonly string[]
  /** The message's template names what only WeChat knows of the follower. */
  needsAttributes?: true
}

/** A condition on the follower, judged when the step could go; exactly one is set. A scene's trailing `*` matches the rest. */
export interface FollowerCondition {
  tag?: string | undefined
  qrScene?: string | undefined
  subscribeScene?: string | undefined
}

/** True of a step that only tags: it needs no grant and knows no spacing. */
export function isTagOnly(step: PlanStep): boolean {
  return step.kind === 'tag'
}

/** Orders events of one follower: by WeChat's `CreateTime`, then by arrival (the inbox row's number). */
export interface EventStamp {
  /** Epoch ms of `CreateTime`. */
  at: number
  seq: number
}

/** What a follower did: `at` orders it, `correctedTime` says when it was by our clock, which steps and grants are counted with. */
export interface EventTime extends EventStamp {
  /**
   * How far our clock was ahead of WeChat's when this reached us, ms; absent: not so far that it matters, or it was not
   * known.
   */
  aheadMs?: number
}

/** When it happened by our clock, epoch ms. */
export function correctedTime({ at, aheadMs = 0 }: Pick<EventTime, 'at' | 'aheadMs'>): number {
  return at + aheadMs
}

/** The callback that began a run. */
export interface Entry extends EventTime {
  /** The callback's dedupe key; it is the run's key too. */
  key: string
  event: 'subscribe' | 'scan' | 'click' | 'message'
  qrScene: string | null
  eventKey: string | null
  text: string | null
}

/** An entry together with the plan it begins. */
export interface RunStart {
  entry: Entry
  plan: Plan
}

/** A follow, typed message, menu click or QR scan, as a run hears of it. */
export interface Interaction extends EventTime {
  key: string
  scene: Scene
  /** What the account's rules profile grants for it; null when nothing. */
  allowance: Allowance | null
  /** A message's text, for exit keywords and `reply.text`. */
  text: string | null
  /** Present when this event would begin a run if none were active. */
  start?: RunStart
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
