import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

const CALLBACK_RESULTS = [
  'accepted',
  'duplicate',
  'ignored',
  'unknown',
  'unreadable',
  'refused',
  'failed',
  'verified',
]

/** The contract's metrics (section 8), and the process's own. One registry for each process. */
export function createMetrics(options: { processMetrics?: boolean } = {}) {
  const registers = [new Registry()]
  const [registry] = registers
  if (!registry) throw new Error('no registry')
  if (options.processMetrics) collectDefaultMetrics({ register: registry })
  const { counter, histogram, gauge } = metricFactories(registers)
  const metrics = {
    registry,
    callbacks: counter('nurture_callbacks_total', 'Callbacks by result', ['result']),
    callbackSeconds: histogram(
      'nurture_callback_seconds',
      'Time to answer a callback',
      [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    ),
    callbacksWaiting: gauge('nurture_callbacks_waiting', 'Callbacks under way that are not stored yet'),
    callbacksShed: counter(
      'nurture_callbacks_shed_total',
      'Callbacks answered 500 at once, because too many were under way',
    ),
    requestBodyBytes: gauge(
      'nurture_request_body_bytes',
      'Bytes of request bodies held now, without callbacks; share: signed-in or anonymous',
      ['share'],
    ),
    clockSkew: gauge(
      'nurture_clock_skew_seconds',
      'How far the clock of this machine is ahead of the clock of WeChat, by the pushes of the last hour',
      ['api'],
    ),
    inboxPending: gauge('nurture_inbox_pending', 'Events that wait to be dispatched'),
    inboxOldest: gauge('nurture_inbox_oldest_seconds', 'Age of the oldest event that waits'),
    temporalUp: gauge('nurture_engine_up', '1 while Temporal answers'),
    namespaceUnexpected: gauge(
      'nurture_namespace_unexpected',
      '1 while Temporal answers and is not the namespace that the runs in the store live in',
    ),
    runsStarted: counter('nurture_runs_started_total', 'Runs started'),
    runsEnded: counter('nurture_runs_ended_total', 'Runs ended by outcome', ['outcome']),
    sends: counter('nurture_sends_total', 'Sends by result and errcode', ['result', 'errcode']),
    sendAttempts: counter(
      'nurture_send_attempts_total',
      'Requests to send a message, by what the answer of WeChat means and its errcode',
      ['class', 'errcode'],
    ),
    grantMismatches: counter(
      'nurture_grant_mismatches_total',
      'Sends that WeChat refused (45015, 45047) although our ledger had a grant',
      ['errcode'],
    ),
    lateness: histogram(
      'nurture_step_lateness_seconds',
      'How much later than planned a step was sent',
      [0.5, 1, 2, 5, 10, 30, 60, 300, 3_600, 86_400],
    ),
    unheldLateness: histogram(
      'nurture_step_unheld_lateness_seconds',
      'The same, of steps that were never held: what only we can delay',
      [0.5, 1, 2, 5, 10, 30, 60, 300, 3_600, 86_400],
    ),
    snapshotsReduced: counter(
      'nurture_snapshots_reduced_total',
      'Snapshots of runs that the store refused for good, by how much of them it took then',
      ['kept'],
    ),
    stepsSkipped: counter('nurture_steps_skipped_total', 'Steps skipped by reason', ['reason']),
    stepsHeld: counter('nurture_steps_held_total', 'Steps that came due and were held, by reason', [
      'reason',
    ]),
    accounts: gauge('nurture_accounts', 'Accounts by state', ['state']),
    refusals: counter(
      'nurture_refused_requests_total',
      'Requests of the API, the codec and the console that were refused, by where and why',
      ['where', 'reason'],
    ),
    forwards: counter('nurture_forwards_total', 'Events passed on to a second URL, by result', ['result']),
    circuitsOpen: gauge(
      'nurture_account_circuit_open',
      'Accounts that are left alone because their requests get no answer',
    ),
    tokenRefreshes: counter('nurture_token_refreshes_total', 'Access tokens fetched by result', ['result']),
  }
  startAtZero(metrics)
  return metrics
}

/** Shows these series from the start: one that began with its first fault would show no rise. */
function startAtZero(
  metrics: Pick<
    Metrics,
    'callbacks' | 'tokenRefreshes' | 'forwards' | 'grantMismatches' | 'snapshotsReduced' | 'sends'
  >,
): void {
  for (const result of CALLBACK_RESULTS) metrics.callbacks.inc({ result }, 0)
  for (const result of ['ok', 'refused', 'failed']) metrics.tokenRefreshes.inc({ result }, 0)
  for (const result of ['ok', 'failed', 'timeout', 'dropped']) metrics.forwards.inc({ result }, 0)
  for (const errcode of ['45015', '45047']) metrics.grantMismatches.inc({ errcode }, 0)
  for (const kept of ['reduced', 'bare', 'nothing']) metrics.snapshotsReduced.inc({ kept }, 0)
  metrics.sends.inc({ result: 'sent', errcode: '0' }, 0)
  metrics.sends.inc({ result: 'unknown', errcode: '' }, 0)
}

function metricFactories(registers: Registry[]) {
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers })
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, registers })
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers })
  return { counter, histogram, gauge }
}
