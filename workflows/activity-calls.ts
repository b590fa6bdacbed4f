import {
  type ActivityOptions,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  TemporalFailure,
} from '@temporalio/workflow'
import type {
  ActInput,
  Activities,
  FetchAttributesInput,
  HandOverInput,
  RecordRunInput,
  SendInput,
  TagInput,
} from '../activities/index.ts'
import type { ActResult } from '../src/run/act.ts'
import type { FetchAttributesResult, TagResult } from '../src/run/attributes.ts'
import type { HandoverResult } from '../src/run/handover.ts'
import type { LostSend } from '../src/run/lost-sends.ts'
import type { PlanStep } from '../src/run/plan.ts'
import type { SendResult } from '../src/run/send-result.ts'
import { accountFairness, sendFairness } from './fairness-keys.ts'
import { ACTIVITY_QUEUE } from './names.ts'
import { leaveReadable } from './readable.ts'

/** A request may start until the grant's margin. Its answer may take this much longer. */
const REQUEST_MS = 12_000

/**
 * A local activity makes one attempt. Its time: the store before and after a request to WeChat, and a token refresh. Longer
 * than 8 s, it costs the history three events for every further 8 s.
 */
const local = proxyLocalActivities<Activities>({
  startToCloseTimeout: '45s',
  retry: { maximumAttempts: 1 },
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
})

/** Sends one step immediately. @returns null when the step needs `send` */
export function sendNow(input: SendInput): Promise<SendResult | null> {
  return orNull(local.sendNow(leaveReadable(input)))
}

/** Writes the run's snapshot to the store immediately. @returns null when it needs `recordRun` */
export function recordRunNow(input: RecordRunInput): Promise<LostSend[] | null> {
  return orNull(local.recordRun(leaveReadable(input)))
}

/**
 * Null when the local activity failed: its activity with a queue and retries follows. The SDK (1.24) throws the failure of a
 * local activity itself, such as an ApplicationFailure or a TimeoutFailure, without an ActivityFailure around it.
 */
async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call
  } catch (err) {
    if (isCancellation(err) || !(err instanceof TemporalFailure)) throw err
    return null
  }
}

/** Sends one step. Retries end with the grant. */
export function send(appId: string, step: PlanStep, input: SendInput): Promise<SendResult> {
  const call = proxyActivities<Activities>({
    taskQueue: ACTIVITY_QUEUE,
    // Three rounds of a token request and a send, 10 s each, plus 10 s.
    startToCloseTimeout: '70s',
    heartbeatTimeout: '6s',
    scheduleToCloseTimeout: Math.max(0, input.leftMs) + REQUEST_MS,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: `${step.id} · ${step.kind} · paid by ${input.grant.scene}`,
    priority: sendFairness(appId, input.grant),
  })
  return call.send(input)
}

/** Uploads the media of the step's message. @returns null when all are ready, else why the step cannot be sent */
export function prepareMedia(appId: string, step: PlanStep, input: SendInput): Promise<SendResult | null> {
  const call = proxyActivities<Activities>({
    taskQueue: ACTIVITY_QUEUE,
    startToCloseTimeout: '60s',
    heartbeatTimeout: '6s',
    scheduleToCloseTimeout: input.leftMs + REQUEST_MS,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: `${step.id} · media`,
    priority: sendFairness(appId, input.grant),
  })
  return call.prepareMedia(input)
}

/** Options of an activity that only uses the store. It is retried until it succeeds. */
const storeCall = (appId: string, summary: string): ActivityOptions => ({
  taskQueue: ACTIVITY_QUEUE,
  startToCloseTimeout: '10s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
  summary,
  priority: accountFairness(appId),
})

/** Options of an activity that calls WeChat. Its attempts may take longer, and its retries end after `leftMs`. */
const wechatCall = (appId: string, summary: string, leftMs: number): ActivityOptions => ({
  ...storeCall(appId, summary),
  startToCloseTimeout: '60s',
  heartbeatTimeout: '6s',
  scheduleToCloseTimeout: Math.max(0, leftMs) + REQUEST_MS,
  // A request that was sent takes effect at WeChat, so the run needs its result.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
})

/**
 * Fetches the follower's attributes from WeChat. Retries end with the time of the step or fork.
 * @param id the step or fork that needs them
 */
export function fetchFollowerAttributes(
  appId: string,
  id: string,
  input: FetchAttributesInput,
): Promise<FetchAttributesResult> {
  const summary = `${id} · attributes of the follower`
  return proxyActivities<Activities>(wechatCall(appId, summary, input.leftMs)).fetchFollowerAttributes(input)
}

/** Adds the step's tags to the follower and removes those that the step removes. */
export function tagFollower(appId: string, step: PlanStep, timing: FetchAttributesInput): Promise<TagResult> {
  const { id, tag = [], untag = [] } = step
  const summary = [id, ...tag.map((t) => `+${t}`), ...untag.map((t) => `-${t}`)].join(' ')
  const call = proxyActivities<Activities>(wechatCall(appId, summary, timing.leftMs))
  return call.tagFollower({ step: id, tag, untag, ...timing } satisfies TagInput)
}

/** Opens a session of the follower with a human agent. */
export function handOver(appId: string, input: HandOverInput): Promise<HandoverResult> {
  const summary = `${input.step} · handover to ${input.agent}`
  return proxyActivities<Activities>(wechatCall(appId, summary, input.leftMs)).handOver(input)
}

/** Writes what a step without a message does. */
export function act(appId: string, input: ActInput): Promise<ActResult> {
  return proxyActivities<Activities>(storeCall(appId, `${input.stepId} · act`)).act(input)
}

/** Reads the result of a send from the delivery row, when the send activity returned none. */
export function resolveUnanswered(appId: string, input: SendInput): Promise<SendResult> {
  return proxyActivities<Activities>(storeCall(appId, 'resolve the unanswered send')).resolveUnanswered(input)
}

/** Writes the run's snapshot to the store. */
export function recordRun(appId: string, input: RecordRunInput): Promise<LostSend[]> {
  return proxyActivities<Activities>(
    storeCall(appId, `record ${input.state.outcome ?? input.state.status}`),
  ).recordRun(input)
}
