import { normaliseExitKeyword } from '../shared/keyword.ts'
import type { Allowance, Scene } from '../wechat/rules/rules.ts'

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
}

/**
 * What a run's row keeps of its plan: the parts that events and views need. The steps are in the campaign version, once for
 * all its runs. A row of 0.3 has the whole plan.
 */
export type StoredPlan = Pick<Plan, 'exitKeywords' | 'windowMs'> & Partial<Plan>

export function storedPlan({ exitKeywords, windowMs }: Plan): StoredPlan {
  return { exitKeywords, windowMs }
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
  /** The message's kind, `text` or `news` for example; `tag` for a step that only tags. */
  kind: string
  /** True when media must be uploaded to WeChat before the message can be sent. */
  media: boolean
  afterMs: number
  since: 'entry' | 'reply' | 'previous'
  ifLate: 'hold' | 'skip'
  when: 'replied' | 'not-replied' | FollowerCondition | null
  /** Tags to add to the follower, after the message when there is one. */
  tag?: readonly string[]
  /** Tags to remove, likewise. */
  untag?: readonly string[]
  /** Present when the message's template uses the follower's attributes. */
  needsAttributes?: true
}

/** A condition on the follower, checked when the step is due. Exactly one field is set. A trailing `*` in a scene is a wildcard. */
export interface FollowerCondition {
  tag?: string | undefined
  qrScene?: string | undefined
  subscribeScene?: string | undefined
}

/** True for a step that only tags. It needs no grant and keeps no spacing. */
export function isTagOnly(step: PlanStep): boolean {
  return step.kind === 'tag'
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
  event: 'subscribe' | 'scan' | 'click' | 'message'
  qrScene: string | null
  eventKey: string | null
  text: string | null
}

/** An entry and the plan that it starts. */
export interface RunStart {
  entry: Entry
  plan: Plan
}

/** A follow, typed message, menu click or QR scan, in the form that a run receives. */
export interface Interaction extends EventTime {
  key: string
  scene: Scene
  /** What the account's rules profile allows after it; null when nothing. */
  allowance: Allowance | null
  /** A message's text, for exit keywords and `reply.text`. */
  text: string | null
  /** Present when this event would start a run if none were active. */
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
