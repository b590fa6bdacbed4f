import { defineSignal, setDefaultSignalHandler, setHandler } from '@temporalio/workflow'
import type { AgentSessionChange } from '../src/run/agent-session.ts'
import type { EventStamp, Interaction, RunStart, Told } from '../src/run/plan.ts'
import { parseFacts } from '../src/shared/facts.ts'
import { storable, storableText, truncateText } from '../src/shared/text.ts'
import { CANCELLED_BY_OPERATOR, type NurtureRun } from './nurture-run.ts'

/** An unfollow. */
type Unsubscribe = EventStamp & { key: string }

/** Ends the run from outside, with this outcome. */
interface Stop {
  outcome: 'account-stopped' | 'opted-out'
  reason: string | null
}

interface Signal<T> {
  /** Shown in Temporal's Web UI. */
  description: string
  /** Returns null for a malformed input, since anybody can send a signal. The signal is then ignored with a warning. */
  parse(input: unknown): T | null
  apply(run: NurtureRun, message: T): void
}

const signal = <T>(definition: Signal<T>): Signal<T> => definition
const noInput = () => true

/** Every signal of a run by its name. The contract fixes the first five: docs/contract.md#7-temporal. */
const SIGNALS = {
  interaction: signal<Interaction>({
    description: 'The follower followed, sent a message, clicked a menu or scanned a code.',
    parse: parseInteraction,
    apply: (run, event) => run.receiveInteraction(event),
  }),
  unsubscribed: signal<Unsubscribe>({
    description: 'The follower unfollowed.',
    parse: parseUnsubscribe,
    apply: (run, event) => run.receiveUnsubscribe(event),
  }),
  cancel: signal<string>({
    description: 'End this run now. Optional input: a reason (text).',
    parse: parseReason,
    apply: (run, reason) => run.stop('cancelled', reason),
  }),
  pause: signal({
    description: 'Hold every step until resume.',
    parse: noInput,
    apply: (run) => run.pause(),
  }),
  resume: signal({
    description: 'Continue after a pause.',
    parse: noInput,
    apply: (run) => run.resume(),
  }),
  agentSession: signal<AgentSessionChange>({
    description: 'A human agent took over the session, or closed it.',
    parse: parseAgentSession,
    apply: (run, change) => run.changeAgentSession(change),
  }),
  told: signal<Told>({
    description: "The follower's facts or tags have changed, or the follower opened a link.",
    parse: parseTold,
    apply: (run, told) => run.receiveTold(told),
  }),
  stop: signal<Stop>({
    description: 'End this run: its account was stopped, or the follower opted out.',
    parse: parseStop,
    apply: (run, { outcome, reason }) => run.stop(outcome, reason),
  }),
  retryNow: signal({
    description: 'Try a deferred send now.',
    parse: noInput,
    apply: (run) => run.retryNow(),
  }),
  resync: signal({
    description: 'Write the whole run to the store again.',
    parse: noInput,
    apply: (run) => run.resync(),
  }),
}

export type SignalName = keyof typeof SIGNALS

/** A signal that arrived before its run was ready. */
export interface BufferedSignal {
  name: string
  input: unknown
}

/**
 * Collects signals in the order in which they arrived, those of the first workflow task at once. Temporal delivers these as
 * soon as the handler of their name is set, name by name. They are therefore buffered until all handlers are set, so that an
 * unfollow is not applied after a later follow.
 */
export function bufferSignals(): BufferedSignal[] {
  const early: BufferedSignal[] = []
  setDefaultSignalHandler((name, input) => void early.push({ name, input }))
  return early
}

/** The run that an interaction starts when none is open; null for any other signal. */
export function startIn({ name, input }: BufferedSignal): RunStart | null {
  return (name === ('interaction' satisfies SignalName) && parseInteraction(input)?.start) || null
}

/** Applies signals to the run: the buffered ones, and then each one when it arrives. */
export function receiveSignals(run: NurtureRun, early: readonly BufferedSignal[]): void {
  for (const [name, { description }] of Object.entries(SIGNALS)) {
    setHandler(defineSignal<[unknown?]>(name), (input) => applySignal(run, name, input), { description })
  }
  setDefaultSignalHandler((name, input) => applySignal(run, name, input))
  for (const { name, input } of early) applySignal(run, name, input)
}

function applySignal(run: NurtureRun, name: string, input: unknown): void {
  if (!isSignalName(name)) {
    run.warn(`ignored an unknown signal, ${clip(name)}`)
    return
  }
  // The compiler cannot match the types of `parse` and `apply` across the union of signals.
  const { parse, apply } = SIGNALS[name] as Signal<unknown>
  const message = parse(input)
  if (message === null) run.warn(`ignored a malformed ${name} signal`)
  else apply(run, message)
}

function isSignalName(name: string): name is SignalName {
  return Object.hasOwn(SIGNALS, name)
}

// --- Parsing. Inputs become part of the run's state, so characters that the store refuses are replaced in their texts.

/** Code points. The operator API has the same limit. */
const REASON_MAX_CHARS = 500
const SCENES = ['subscribe', 'menu', 'scan', 'message', 'pay']

function parseInteraction(input: unknown): Interaction | null {
  if (!isObject(input) || !isKeyedEvent(input)) return null
  const { scene, text, start, optsOut, replaces, allowance = null } = input
  if (typeof scene !== 'string' || !SCENES.includes(scene)) return null
  if (text !== null && typeof text !== 'string') return null
  if (allowance !== null && !isAllowance(allowance)) return null
  if (start !== undefined && !isStart(start)) return null
  if (optsOut !== undefined && optsOut !== true) return null
  if (replaces !== undefined && typeof replaces !== 'string') return null
  // Checked field by field above.
  return storable({ ...input, allowance }) as unknown as Interaction
}

function parseUnsubscribe(input: unknown): Unsubscribe | null {
  // Checked by isKeyedEvent.
  return isObject(input) && isKeyedEvent(input) ? (storable(input) as unknown as Unsubscribe) : null
}

function parseTold(input: unknown): Told | null {
  if (!isObject(input) || !isKeyedEvent(input)) return null
  const { facts, tags, link } = input
  const isText = (x: unknown) => typeof x === 'string'
  const isNews =
    facts === undefined
      ? tags === undefined
        ? isText(link)
        : Array.isArray(tags) && tags.every(isText)
      : parseFacts(facts).issues.length === 0
  // Checked field by field above.
  return isNews ? (storable(input) as unknown as Told) : null
}

function parseAgentSession(input: unknown): AgentSessionChange | null {
  if (!isObject(input) || !isEventTime(input) || typeof input.open !== 'boolean') return null
  const { open, at, seq, aheadMs } = input
  return { open, at, seq, ...(aheadMs === undefined ? {} : { aheadMs }) }
}

function parseStop(input: unknown): Stop | null {
  if (!isObject(input) || (input.outcome !== 'account-stopped' && input.outcome !== 'opted-out')) return null
  return { outcome: input.outcome, reason: typeof input.reason === 'string' ? clip(input.reason) : null }
}

function parseReason(input: unknown): string {
  return typeof input === 'string' && input ? clip(input) : CANCELLED_BY_OPERATOR
}

function clip(text: string): string {
  return truncateText(storableText(text), REASON_MAX_CHARS)
}

function isObject(x: unknown): x is Record<string, unknown> {
  return typeof x === 'object' && x !== null
}

function isEventTime<T extends Record<string, unknown>>(
  x: T,
): x is T & { at: number; seq: number; aheadMs?: number } {
  return (
    isFiniteNumber(x.at) &&
    typeof x.seq === 'number' &&
    (x.aheadMs === undefined || isFiniteNumber(x.aheadMs))
  )
}

function isKeyedEvent(x: Record<string, unknown>): boolean {
  return isEventTime(x) && typeof x.key === 'string'
}

function isAllowance(x: unknown): boolean {
  return isObject(x) && isCount(x.quota) && isCount(x.lifetimeMs)
}

function isStart(x: unknown): boolean {
  if (!isObject(x) || !isObject(x.entry) || !isObject(x.plan)) return false
  return isKeyedEvent(x.entry) && Array.isArray(x.plan.steps)
}

function isCount(x: unknown): boolean {
  return isFiniteNumber(x) && x >= 0
}

function isFiniteNumber(x: unknown): x is number {
  return typeof x === 'number' && Number.isFinite(x)
}
