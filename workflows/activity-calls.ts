import { type ActivityOptions, proxyActivities } from '@temporalio/workflow'
import type { Activities, LearnInput, RecordInput, SendInput, TagInput } from '../activities/index.ts'
import type { FetchAttributesResult, TagResult } from '../src/run/attributes.ts'
import type { PlanStep } from '../src/run/plan.ts'
import type { SendResult } from '../src/run/send-result.ts'
import type { Grant } from '../src/wechat/rules/ledger.ts'

const SEND_QUEUE = 'send'
/** One request's time: a request may begin until the margin, and end this much later. */
const REQUEST_MS = 12_000
const ONE_MINUTE_GRANT_MS = 60_000
const MINUTE_WEIGHT = 4

/** Fairness of contract section 4: steps paid by a one-minute grant pass their own account's backlog. */
function fairness(appId: string, grant: Grant): NonNullable<ActivityOptions['priority']> {
  return grant.expiresAt - grant.grantedAt <= ONE_MINUTE_GRANT_MS
    ? { fairnessKey: `${appId}/minute`, fairnessWeight: MINUTE_WEIGHT }
    : { fairnessKey: appId }
}

/** Sends one step; its retries end with the grant. */
export function send(appId: string, step: PlanStep, input: SendInput): Promise<SendResult> {
  const call = proxyActivities<Activities>({
    taskQueue: SEND_QUEUE,
    // Three times a token and a send of 10 s each, and a little.
    startToCloseTimeout: '70s',
    heartbeatTimeout: '6s',
    scheduleToCloseTimeout: Math.max(0, input.leftMs) + REQUEST_MS,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: `${step.id} · ${step.kind} · paid by ${input.grant.scene}`,
    priority: fairness(appId, input.grant),
  })
  return call.send(input)
}

/** Uploads what the step's message needs; a result only when the step cannot be sent. */
export function prepareMedia(appId: string, step: PlanStep, input: SendInput): Promise<SendResult | null> {
  const call = proxyActivities<Activities>({
    taskQueue: SEND_QUEUE,
    startToCloseTimeout: '60s',
    heartbeatTimeout: '6s',
    scheduleToCloseTimeout: input.leftMs + REQUEST_MS,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: `${step.id} · media`,
    priority: fairness(appId, input.grant),
  })
  return call.prepareMedia(input)
}

const bookkeeping = (appId: string, summary: string): ActivityOptions => ({
  taskQueue: SEND_QUEUE,
  startToCloseTimeout: '10s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
  summary,
  priority: { fairnessKey: appId },
})

/** Bookkeeping that asks WeChat: its time is longer, and it ends. */
const asking = (appId: string, summary: string, leftMs: number): ActivityOptions => ({
  ...bookkeeping(appId, summary),
  startToCloseTimeout: '60s',
  heartbeatTimeout: '6s',
  scheduleToCloseTimeout: Math.max(0, leftMs) + REQUEST_MS,
  // What is under way is done at WeChat: the run must know of it.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
})

/** Asks what WeChat knows of the follower, until the step's time is over. */
export function learnFacts(appId: string, step: PlanStep, input: LearnInput): Promise<FetchAttributesResult> {
  const summary = `${step.id} · about the follower`
  return proxyActivities<Activities>(asking(appId, summary, input.leftMs)).fetchFollowerAttributes(input)
}

/** Gives the follower the step's tags, and takes those that it takes. */
export function tagFollower(appId: string, step: PlanStep, time: LearnInput): Promise<TagResult> {
  const { id, tag = [], untag = [] } = step
  const summary = [id, ...tag.map((t) => `+${t}`), ...untag.map((t) => `-${t}`)].join(' ')
  const call = proxyActivities<Activities>(asking(appId, summary, time.leftMs))
  return call.tagFollower({ step: id, tag, untag, ...time } satisfies TagInput)
}

/** Asks the delivery row what became of a send that nobody answered for. */
export function settle(appId: string, input: SendInput): Promise<SendResult> {
  return proxyActivities<Activities>(bookkeeping(appId, 'what became of the send')).resolveUnanswered(input)
}

/** Writes the run's snapshot to the store. */
export function record(appId: string, input: RecordInput): Promise<void> {
  return proxyActivities<Activities>(
    bookkeeping(appId, `record ${input.state.outcome ?? input.state.status}`),
  ).recordRun(input)
}
