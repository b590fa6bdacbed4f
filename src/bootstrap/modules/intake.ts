import type { Hono } from 'hono'
import { createAcceptEvents } from '../../callback/accept/accept-events.ts'
import { createGroupCommit } from '../../callback/accept/group-commit.ts'
import type { ArrivingEvent } from '../../callback/accept/reply-eligibility.ts'
import { type AdmissionControl, createAdmissionControl } from '../../callback/admission/admission-control.ts'
import { createCallbackApp } from '../../callback/callback-app.ts'
import type { CallbackDeps } from '../../callback/callback-deps.ts'
import { STORE_DEADLINE_MS } from '../../callback/deadline.ts'
import { createForwarder } from '../../callback/forward/forward-event.ts'
import { createDispatchLoop, type DispatchLoop } from '../../dispatch/dispatch-loop.ts'
import { recordRefusedCallback } from '../../store/accounts/refused-callbacks.ts'
import type { Accepted } from '../../store/inbox/inbox-rows.ts'
import { createRunBacklogReader } from '../../temporal/run-backlog.ts'
import { withoutPublicSecrets } from '../demo/public-secrets.ts'
import type { Configuration } from './configuration.ts'
import type { ServiceContext } from './context.ts'
import { createModeMismatchRecorder } from './mode-mismatch-recorder.ts'
import type { PlatformModule } from './platform.ts'

const RECORD_CALLBACK_INTERVAL_MS = 60_000
const RECORD_REFUSAL_INTERVAL_MS = 10_000

/** Callbacks of this process since its start. */
interface CallbackCounts {
  accepted: number
  duplicates: number
  refused: number
}

/** The receiving side of a process: from the callback to the start or signal of a run. */
export interface Intake {
  callbackApp: Hono
  admission: AdmissionControl
  dispatcher: DispatchLoop
  callbackCounts: Readonly<CallbackCounts>
}

/** Nothing runs yet: the caller starts the dispatcher, and serves the callback app. */
export function createIntake(
  context: ServiceContext,
  { configuration, platform }: { configuration: Configuration; platform: PlatformModule | null },
): Intake {
  const { config, db, runs, temporal, ownerId, metrics, namespaceGuard, skewMonitor, now, log, tracing } =
    context
  const { cache } = configuration
  const admission = createAdmissionControl((waiting) => metrics.callbacksWaiting.set(waiting))
  const dispatcher = createDispatchLoop({
    db,
    runs,
    config: cache,
    ownerId,
    now,
    log,
    onStarted: () => metrics.runsStarted.inc(),
    mayDispatch: namespaceGuard.isExpected,
    isBusy: admission.isOverloaded,
    readBacklog: createRunBacklogReader(temporal.client),
    tracing,
  })
  const inbox = createGroupCommit<ArrivingEvent, Accepted>({
    store: createAcceptEvents({ db, optOutWords: cache.optOutWords, isOnlyWriter: context.embedded }),
    timeoutMs: STORE_DEADLINE_MS,
    now: () => performance.now(),
  })
  const { count, callbackCounts } = createCallbackCounter(context)
  const callbackApp = createCallbackApp({
    ...createAccountLookup(context, platform?.callbackAccounts ?? cache),
    match: cache.match,
    accept: inbox.accept,
    admission,
    onShed: () => metrics.callbacksShed.inc(),
    tracing,
    forward: createForwarder({
      allowPrivate: config.forwardPrivate ?? false,
      now,
      log,
      count: (result) => metrics.forwards.inc({ result }),
    }),
    skewMonitor,
    wakeDispatcher: dispatcher.wake,
    onModeChecked: createModeMismatchRecorder({ db, now }),
    onReceived: createReceiptRecorder(context),
    onRefused: createRefusalRecorder(context),
    now,
    maxAgeMs: config.callbackMaxAgeMs,
    log,
    count,
  })
  return { callbackApp, admission, dispatcher, callbackCounts }
}

/** Callbacks signed with the simulator's public secrets are refused unless the simulator runs in this process. */
function createAccountLookup(
  { simulator }: ServiceContext,
  accounts: PlatformModule['callbackAccounts'],
): Pick<CallbackDeps, 'findAccount' | 'isCached' | 'releaseTestReply'> {
  return {
    ...(accounts.isCached ? { isCached: accounts.isCached } : {}),
    ...(accounts.releaseTestReply ? { releaseTestReply: accounts.releaseTestReply } : {}),
    async findAccount(appId) {
      const account = await accounts.findAccount(appId)
      return account && !simulator ? withoutPublicSecrets(account) : account
    },
  }
}

function createCallbackCounter({ metrics }: ServiceContext): {
  count: CallbackDeps['count']
  callbackCounts: Readonly<CallbackCounts>
} {
  const callbackCounts: CallbackCounts = { accepted: 0, duplicates: 0, refused: 0 }
  return {
    callbackCounts,
    count(result, seconds, scene) {
      metrics.callbacks.inc({ result })
      if (result === 'accepted' && scene === 'message') metrics.messages.inc()
      metrics.callbackSeconds.observe(seconds)
      if (result === 'accepted') callbackCounts.accepted += 1
      if (result === 'duplicate') callbackCounts.duplicates += 1
      if (result === 'refused') callbackCounts.refused += 1
    },
  }
}

/** Records in the store that a request to an account's callback was refused, at most every ten seconds for each account. */
function createRefusalRecorder({ db, now }: ServiceContext): NonNullable<CallbackDeps['onRefused']> {
  const recordedAt = new Map<string, number>()
  return (appId) => {
    if (now() - (recordedAt.get(appId) ?? 0) < RECORD_REFUSAL_INTERVAL_MS) return
    recordedAt.set(appId, now())
    recordRefusedCallback(db, appId, now()).catch(() => recordedAt.delete(appId))
  }
}

/** Records in the store that WeChat reaches an account's callback, at most once a minute for each account. */
function createReceiptRecorder({ accounts, now }: ServiceContext): CallbackDeps['onReceived'] {
  const recordedAt = new Map<string, number>()
  return (appId) => {
    if (now() - (recordedAt.get(appId) ?? 0) < RECORD_CALLBACK_INTERVAL_MS) return
    recordedAt.set(appId, now())
    accounts.recordCallback(appId).catch(() => recordedAt.delete(appId))
  }
}
