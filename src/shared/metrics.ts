import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** The label `result` of `nurture_callbacks_total`. */
const CALLBACK_RESULTS = [
  'accepted',
  'duplicate',
  'ignored',
  'unknown',
  'unreadable',
  'refused',
  'failed',
  'verified',
] as const
export type CallbackResult = (typeof CALLBACK_RESULTS)[number]

/** The label `result` of `nurture_forwards_total`. */
const FORWARD_RESULTS = ['ok', 'failed', 'timeout', 'dropped'] as const
export type ForwardResult = (typeof FORWARD_RESULTS)[number]

/** The label `result` of `nurture_webhooks_total`. */
const WEBHOOK_RESULTS = ['delivered', 'retried', 'failed'] as const

/** The label `result` of `nurture_hook_requests_total`. */
const HOOK_RESULTS = ['accepted', 'duplicate', 'refused', 'unsigned'] as const
export type HookResult = (typeof HOOK_RESULTS)[number]

/** The label `result` of `nurture_link_requests_total`. */
const LINK_RESULTS = ['counted', 'not-counted', 'unknown'] as const
export type LinkResult = (typeof LINK_RESULTS)[number]

/** Buckets in seconds. */
const ANSWER_BUCKETS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
/** Upper bounds of the lateness of a message, s. Later ones are in `+Inf`. */
export const LATENESS_BUCKETS = [0.5, 1, 2, 5, 10, 30, 60, 300, 3_600, 86_400]

/** Every metric of the product: docs/contract.md#8-metrics-prometheus, and docs/metrics.md for people. */
const DEFINITIONS = {
  callbacks: counter(
    'nurture_callbacks_total',
    'Callbacks by result',
    ['result'],
    CALLBACK_RESULTS.map((result) => ({ result })),
  ),
  callbackSeconds: histogram('nurture_callback_seconds', 'Time to answer a callback', ANSWER_BUCKETS),
  callbacksWaiting: gauge('nurture_callbacks_waiting', 'Callbacks in progress that are not stored yet'),
  callbacksShed: counter(
    'nurture_callbacks_shed_total',
    'Callbacks answered 500 at once because too many were in progress',
  ),
  requestsShed: counter(
    'nurture_requests_shed_total',
    'Anonymous requests, without callbacks, answered 503 because the event loop was late',
  ),
  requestBodyBytes: gauge(
    'nurture_request_body_bytes',
    'Bytes of request bodies held now, without callbacks; share: signed-in or anonymous',
    ['share'],
    [{ share: 'signed-in' }, { share: 'anonymous' }],
  ),
  clockSkew: gauge(
    'nurture_clock_skew_seconds',
    'How far the clock of this machine is ahead of the clock of WeChat, measured by the pushes of the last hour',
    ['api'],
  ),
  inboxPending: gauge('nurture_inbox_pending', 'Events that wait to be dispatched'),
  inboxOldest: gauge('nurture_inbox_oldest_seconds', 'Age of the oldest event that waits'),
  temporalUp: gauge('nurture_engine_up', '1 while Temporal answers'),
  namespaceUnexpected: gauge(
    'nurture_namespace_unexpected',
    '1 while Temporal answers with another namespace than the one that holds the runs of the store',
  ),
  messages: counter('nurture_messages_total', 'Messages that followers sent, without duplicates'),
  runsStarted: counter('nurture_runs_started_total', 'Runs started'),
  runsEnded: counter('nurture_runs_ended_total', 'Runs ended by outcome', ['outcome']),
  sends: counter(
    'nurture_sends_total',
    'Sends by result and errcode',
    ['result', 'errcode'],
    [
      { result: 'sent', errcode: '0' },
      { result: 'unknown', errcode: '' },
    ],
  ),
  sendAttempts: counter(
    'nurture_send_attempts_total',
    'Requests to send a message, by the meaning of the answer of WeChat and its errcode',
    ['class', 'errcode'],
  ),
  grantMismatches: counter(
    'nurture_grant_mismatches_total',
    'Sends that WeChat refused (45015, 45047) although the ledger had a grant',
    ['errcode'],
    [{ errcode: '45015' }, { errcode: '45047' }],
  ),
  lateness: histogram(
    'nurture_step_lateness_seconds',
    'Time between the planned and the real send of a step',
    LATENESS_BUCKETS,
  ),
  unheldLateness: histogram(
    'nurture_step_unheld_lateness_seconds',
    'Lateness of steps that were never held: only the product can delay them',
    LATENESS_BUCKETS,
  ),
  snapshotsReduced: counter(
    'nurture_snapshots_reduced_total',
    'Snapshots of runs that the store refused permanently, by how much of each was then stored',
    ['stored'],
    [{ stored: 'reduced' }, { stored: 'bare' }, { stored: 'nothing' }],
  ),
  stepsSkipped: counter('nurture_steps_skipped_total', 'Steps skipped by reason', ['reason']),
  stepsHeld: counter(
    'nurture_steps_held_total',
    'Steps that came due and were held, by reason',
    ['reason'],
    [{ reason: 'no-grant' }, { reason: 'paused' }, { reason: 'human-agent' }],
  ),
  accounts: gauge('nurture_accounts', 'Accounts by state', ['state']),
  refusals: counter(
    'nurture_refused_requests_total',
    'Refused requests to the API, the codec and the console, by place and reason',
    ['where', 'reason'],
  ),
  forwards: counter(
    'nurture_forwards_total',
    'Events forwarded to a second URL, by result',
    ['result'],
    FORWARD_RESULTS.map((result) => ({ result })),
  ),
  webhooks: counter(
    'nurture_webhooks_total',
    'Requests of webhooks, by what became of the webhook',
    ['result'],
    WEBHOOK_RESULTS.map((result) => ({ result })),
  ),
  webhooksWaiting: gauge('nurture_webhooks_waiting', 'Webhooks that are not delivered yet'),
  webhooksOldest: gauge(
    'nurture_webhooks_oldest_seconds',
    'Age of the oldest webhook that is not delivered yet',
  ),
  webhooksFailed: gauge('nurture_webhooks_failed', 'Webhooks that were not delivered within a day'),
  hookRequests: counter(
    'nurture_hook_requests_total',
    'Requests to hooks, by result',
    ['result'],
    HOOK_RESULTS.map((result) => ({ result })),
  ),
  linkRequests: counter(
    'nurture_link_requests_total',
    'Requests to short links, by result',
    ['result'],
    LINK_RESULTS.map((result) => ({ result })),
  ),
  circuitsOpen: gauge(
    'nurture_account_circuit_open',
    'Accounts whose circuit is open because their requests get no answer',
  ),
  tokenRefreshes: counter(
    'nurture_token_refreshes_total',
    'Access tokens fetched by result',
    ['result'],
    [{ result: 'ok' }, { result: 'refused' }, { result: 'failed' }],
  ),
}

/** Creates a metric in a registry. */
type Definition<Metric> = (registry: Registry) => Metric
type Created = { [Name in keyof typeof DEFINITIONS]: ReturnType<(typeof DEFINITIONS)[Name]> }

export type Metrics = Created & { registry: Registry }

/**
 * The metrics of one process, in one registry.
 * @param options.processMetrics adds the `process_…` and `nodejs_…` metrics of prom-client
 */
export function createMetrics(options: { processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (options.processMetrics) collectDefaultMetrics({ register: registry })
  const created = Object.entries(DEFINITIONS).map(([name, create]) => [name, create(registry)])
  // Object.fromEntries loses the type of each entry.
  return { ...(Object.fromEntries(created) as Created), registry }
}

/** @param startAtZero series that exist from the start: a series that begins with its first fault shows no rise */
function counter(
  name: string,
  help: string,
  labelNames: string[] = [],
  startAtZero: readonly Record<string, string>[] = [],
): Definition<Counter> {
  return (registry) => {
    const created = new Counter({ name, help, labelNames, registers: [registry] })
    for (const labels of startAtZero) created.inc(labels, 0)
    return created
  }
}

function histogram(name: string, help: string, buckets: number[]): Definition<Histogram> {
  return (registry) => new Histogram({ name, help, buckets, registers: [registry] })
}

/** @param startAtZero series that exist from the start */
function gauge(
  name: string,
  help: string,
  labelNames: string[] = [],
  startAtZero: readonly Record<string, string>[] = [],
): Definition<Gauge> {
  return (registry) => {
    const created = new Gauge({ name, help, labelNames, registers: [registry] })
    for (const labels of startAtZero) created.set(labels, 0)
    return created
  }
}
