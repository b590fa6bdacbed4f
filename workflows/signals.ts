import { defaultPayloadConverter, RawValue } from '@temporalio/common'
import { defineQuery, defineSignal } from '@temporalio/workflow'
import type { AgentSessionChange } from '../src/run/agent-session.ts'
import type { EventStamp, Interaction, RunStart } from '../src/run/plan.ts'
import type { PresentedRun } from '../src/run/present.ts'
import type { RunState } from '../src/run/state.ts'
import { storable, storableText, truncateText } from '../src/shared/text.ts'
import type { Ledger } from '../src/wechat/rules/ledger.ts'

/** What a run is started with. Whose run it is stands in the workflow id alone. */
export interface NurtureInput {
  start: RunStart
  /** Grants of this follower that are still valid from before. */
  ledger: Ledger
  /** A human agent has the session already; absent: none has, or it is said by a signal (before 0.3). */
  agent?: AgentSessionChange
  /** True when the store already has this run's row. */
  recorded: boolean
  /** Set when a run goes on in a new execution, because its history grew long. */
  state?: RunState
  /** Events that arrived while the execution before was closing. */
  backlog?: Interaction[]
  /** Absent in runs begun before 0.2: they hear what came before their first task by the signals' names. */
  signalsInOrder?: true
}

/** An unfollow. */
export type Unsubscribe = EventStamp & { key: string }

/** A human agent took the session over (`open`) or closed it. */
export interface AgentSession {
  open: boolean
  /** When that was, by WeChat's `CreateTime` and arrival. Absent in signals of a dispatcher before 0.3. */
  at?: number
  seq?: number
  aheadMs?: number
}

/** Something outside ends the run, with the outcome it ends with. */
export interface Stop {
  outcome: 'account-stopped' | 'opted-out'
  reason: string | null
}

export const interactionSignal = defineSignal<[Interaction]>('interaction')
export const unsubscribedSignal = defineSignal<[Unsubscribe]>('unsubscribed')
export const cancelSignal = defineSignal<[string?]>('cancel')
export const pauseSignal = defineSignal('pause')
export const resumeSignal = defineSignal('resume')
export const agentSessionSignal = defineSignal<[AgentSession]>('agentSession')
export const stopSignal = defineSignal<[Stop]>('stop')
/** What kept a send back is over (a campaign resumed, an account active again): try now, not at the next retry. */
export const retryNowSignal = defineSignal('retryNow')
/** The store has lost what it knew of this run: write all of it again. */
export const resyncSignal = defineSignal('resync')
export const stateQuery = defineQuery<PresentedRun>('state')

/** In the metadata of a payload that the codec leaves readable. */
export const READABLE_MARKER = 'nurture-readable'

/**
 * What a query answers, left readable by the codec: it names nothing that the workflow's id does not, it is kept in no
 * history, and whoever asks with the command line gets the contract's JSON.
 */
export function leaveReadable<T>(value: T): T {
  const payload = defaultPayloadConverter.toPayload(value)
  const marked = { ...payload, metadata: { ...payload.metadata, [READABLE_MARKER]: new Uint8Array([1]) } }
  // The converter lets a raw value through as the payload that it is; whoever asks gets a T.
  return RawValue.fromPayload(marked) as T
}

/** Characters (code points), as the API takes them. */
const REASON_MAX_CHARS = 500

const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null
const isEventTime = (x: Record<string, unknown>) =>
  typeof x.at === 'number' &&
  Number.isFinite(x.at) &&
  typeof x.seq === 'number' &&
  typeof x.key === 'string' &&
  (x.aheadMs === undefined || (typeof x.aheadMs === 'number' && Number.isFinite(x.aheadMs)))
const SCENES = ['subscribe', 'menu', 'scan', 'message', 'pay']

/** Signals come from anybody with a CLI: what is not an interaction gives null and never fails the run. */
export function parseInteraction(x: unknown): Interaction | null {
  if (!isObject(x) || !isEventTime(x) || typeof x.scene !== 'string' || !SCENES.includes(x.scene)) return null
  const allowance = x.allowance ?? null
  const allowed =
    allowance === null || (isObject(allowance) && isCount(allowance.quota) && isCount(allowance.lifetimeMs))
  if (!allowed || (x.text !== null && typeof x.text !== 'string')) return null
  if (x.start !== undefined && !isStart(x.start)) return null
  // Checked field by field above.
  return storable({ ...x, allowance }) as unknown as Interaction
}

/** An unfollow, or null when it makes no sense. */
export function parseUnsubscribed(x: unknown): Unsubscribe | null {
  // Checked by isMark.
  return isObject(x) && isEventTime(x) ? (storable(x) as unknown as Unsubscribe) : null
}

/** Whatever else it says, a session is open only where it says so. */
export function parseAgent(x: unknown): { open: boolean; when?: Omit<AgentSessionChange, 'open'> } {
  if (!isObject(x)) return { open: false }
  const { open, at, seq, aheadMs } = x
  if (typeof at !== 'number' || !Number.isFinite(at) || typeof seq !== 'number')
    return { open: open === true }
  const ahead = typeof aheadMs === 'number' && Number.isFinite(aheadMs) ? { aheadMs } : {}
  return { open: open === true, when: { at, seq, ...ahead } }
}

export function parseStop(x: unknown): Stop | null {
  if (!isObject(x) || (x.outcome !== 'account-stopped' && x.outcome !== 'opted-out')) return null
  return { outcome: x.outcome, reason: typeof x.reason === 'string' ? clip(x.reason) : null }
}

/** Why an operator ends a run; without a reason, that one did. */
export function parseReason(x: unknown): string {
  return typeof x === 'string' && x ? clip(x) : 'cancelled by operator'
}

/** The name of a signal that nobody knows. */
export function printableName(name: string): string {
  return clip(name)
}

/** What somebody wrote, such as the store takes it: it becomes part of the run's state. */
function clip(text: string): string {
  return truncateText(storableText(text), REASON_MAX_CHARS)
}

function isCount(x: unknown): boolean {
  return typeof x === 'number' && Number.isFinite(x) && x >= 0
}

function isStart(x: unknown): boolean {
  return (
    isObject(x) &&
    isObject(x.entry) &&
    isEventTime(x.entry) &&
    isObject(x.plan) &&
    Array.isArray(x.plan.steps)
  )
}
