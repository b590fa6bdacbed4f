import { randomBytes } from 'node:crypto'
import { type ActivityDeps, createActivities } from '../../activities/index.ts'
import { createSendThrottle } from '../../activities/throttle/send-throttle.ts'
import { createAcceptEvents } from '../callback/accept/accept-events.ts'
import { createGroupCommit } from '../callback/accept/group-commit.ts'
import type { ArrivingEvent } from '../callback/accept/reply-eligibility.ts'
import { createAdmissionControl } from '../callback/admission/admission-control.ts'
import { createCallbackApp } from '../callback/callback-app.ts'
import { createConfigCache } from '../callback/config/config-cache.ts'
import { createPassiveReplyMedia } from '../callback/config/passive-reply-media.ts'
import { STORE_DEADLINE_MS } from '../callback/deadline.ts'
import { createForwarder } from '../callback/forward/forward-event.ts'
import { createSkewMonitor } from '../callback/skew-monitor.ts'
import { type Config, WECHAT_API } from '../config/config.ts'
import { createDispatchLoop } from '../dispatch/dispatch-loop.ts'
import { createAccountRemovalJob } from '../jobs/finish-account-removals.ts'
import { createPeriodicJobs } from '../jobs/periodic-jobs.ts'
import { createPurge } from '../jobs/purge.ts'
import { createRunRebuild } from '../jobs/rebuild-runs.ts'
import { createReconciler } from '../jobs/reconcile-runs.ts'
import { createAccessTokenRefresh } from '../jobs/refresh-access-tokens.ts'
import { createVacuum } from '../jobs/vacuum.ts'
import { createCallbackAccounts } from '../platform/callback-accounts.ts'
import { createPlatformEventsJob } from '../platform/platform-events-job.ts'
import { createPlatformService, type PlatformService } from '../platform/platform-service.ts'
import { dayInBeijing, nextDayInBeijing } from '../shared/beijing-time.ts'
import type { Log } from '../shared/log.ts'
import { createMetrics } from '../shared/metrics.ts'
import { createTokenStore } from '../store/accounts/access-token-store.ts'
import { canSend, createAccountStore } from '../store/accounts/account-store.ts'
import { createPlatformStore } from '../store/accounts/platform-store.ts'
import { createCampaignStore } from '../store/campaigns/campaign-store.ts'
import type { Db } from '../store/db.ts'
import { createSealer } from '../store/encryption/sealer.ts'
import type { Accepted } from '../store/inbox/inbox-rows.ts'
import { retryDeferredSteps, stopAccountRuns } from '../temporal/account-runs.ts'
import { createPayloadCodec } from '../temporal/codec.ts'
import type { TemporalConnection } from '../temporal/connection.ts'
import { createNamespaceGuard } from '../temporal/namespace-guard.ts'
import { createRunClient } from '../temporal/run-client.ts'
import { SEND_SLOTS } from '../temporal/workers.ts'
import { noopTracing, type Tracing } from '../tracing/tracing.ts'
import { createWechatClient, type WechatClient } from '../wechat/api/client.ts'
import { createComponentClient } from '../wechat/api/component-client.ts'
import { fallbacksOf } from '../wechat/api/hosts.ts'
import { createTokenProvider } from '../wechat/api/tokens.ts'
import { isSecretRefused, remedyOf, textOf } from '../wechat/rules/errcodes.ts'
import { withoutPublicSecrets } from './demo/demo-account.ts'
import { rotateKeys } from './encryption/rotate-keys.ts'
import { createGauges } from './gauges.ts'
import { createAppSecretBackoff, createPlatformSecretBackoff } from './modules/app-secret-backoff.ts'
import { createSendQuotaFetcher, currentRate } from './modules/fetch-send-quota.ts'
import { createModeMismatchRecorder } from './modules/mode-mismatch-recorder.ts'

const CALLBACK_NOTED_EVERY_MS = 60_000

export type Services = ReturnType<typeof createServices>

/** Puts the parts of one process together; starts nothing. */
export function createServices(deps: {
  config: Pick<Config, 'wechatApiBase' | 'callbackMaxAgeMs' | 'retentionDays'> &
    Partial<Pick<Config, 'platform' | 'forwardPrivate' | 'previousKeys' | 'payloadEncryption'>>
  db: Db
  link: TemporalConnection
  encryptionKey: string
  log: Log
  now?: () => number
  tracing?: Tracing
  /** The simulator runs in this process: its accounts are served, whose secrets are known to everybody. */
  simulator?: boolean
  /** The store is embedded: no other process writes to it or vacuums it. */
  embedded?: boolean
}) {
  const { config, db, link, log, tracing = noopTracing } = deps
  const now = deps.now ?? Date.now
  /** Names this process in leases: short, since it stands in many rows. */
  const by = `${process.pid}-${randomBytes(3).toString('hex')}`
  const metrics = createMetrics({ processMetrics: true })
  const { previousKeys = [], payloadEncryption = true } = config
  const keys = { current: deps.encryptionKey, previous: previousKeys }
  const sealer = createSealer(keys.current, keys.previous)
  const accounts = createAccountStore(db, sealer, now)
  const campaigns = createCampaignStore(db, now)
  const defaultClient = createWechatClient({
    apiBase: config.wechatApiBase,
    fallbacks: fallbacksOf(config.wechatApiBase),
    tracing,
    onHost: (base, dead) =>
      log.warn({ host: base }, dead ? 'WeChat host cannot be connected' : 'WeChat host is connected again'),
  })
  /** By an account's own base, which has no fallback: its proxy, or the simulator. */
  const clients = new Map<string, WechatClient>()
  const clientOf = ({ apiBase }: { apiBase: string | null }): WechatClient => {
    if (apiBase === null) return defaultClient
    const client = clients.get(apiBase) ?? createWechatClient({ apiBase, tracing })
    clients.set(apiBase, client)
    return client
  }
  const gate = createSendThrottle({
    slots: SEND_SLOTS,
    now,
    onChange(appId, open) {
      metrics.circuitsOpen.inc(open ? 1 : -1)
      log.warn({ appId }, open ? 'account left alone: its requests get no answer' : 'account answers again')
    },
  })
  const tokenOf = createAppSecretBackoff({
    now,
    log,
    block: (appId, errcode) => stopAccount(appId, 'blocked', errcode),
    async unblock(appId) {
      if (!(await accounts.unblockAfterSecretChange(appId))) return
      log.info({ appId }, 'AppSecret is taken again; the account is served')
      await changed()
      retryDeferredSteps({ db, runs, log }, { appId })
    },
  })
  const componentToken =
    config.platform && createPlatformSecretBackoff({ platform: config.platform, now, log })
  const tokens = createTokenProvider({
    store: createTokenStore(db, sealer),
    ownerId: by,
    now,
    dayOf: dayInBeijing,
    count: (result) => metrics.tokenRefreshes.inc({ result }),
    async fetchToken(appId, forceRefresh) {
      if (platform && componentToken && appId === platform.config.appId)
        return componentToken(() => platform.fetchComponentToken())
      const account = await accounts.find(appId)
      if (!account) return { kind: 'failed', reason: 'the account is gone' }
      if (account.kind === 'authorised') {
        return platform
          ? platform.fetchAuthoriserToken(account)
          : { kind: 'failed', reason: 'no third-party platform is configured: see COMPONENT_APP_ID' }
      }
      const client = gate.observe(appId, clientOf(account))
      const { appSecret } = account
      return tokenOf(account, () => client.stableToken({ appId, appSecret, forceRefresh }))
    },
  })
  const stopAccount: ActivityDeps['accounts']['stop'] = async (appId, state, errcode) => {
    const until = state === 'quota-exhausted' ? nextDayInBeijing(now()) : null
    const remedy = remedyOf(errcode)
    log.error({ appId, state, errcode, remedy: remedy.en }, 'account stopped by WeChat')
    const why = textOf(errcode, isSecretRefused(errcode) ? 'token' : 'send')
    await accounts.setState(appId, state, `${errcode} ${why}`, until)
  }
  const replies = createPassiveReplyMedia({
    db,
    tokens,
    now,
    clientOf,
    log,
    stop: stopAccount,
  })
  const directory = createConfigCache({ accounts, campaigns, mediaId: replies.mediaId, now, log })
  const runs = createRunClient(link.client)
  const home = createNamespaceGuard({ db, client: link.client, now, log })
  const places = createAdmissionControl((waiting) => metrics.callbacksWaiting.set(waiting))
  const dispatcher = createDispatchLoop({
    db,
    runs,
    config: directory,
    ownerId: by,
    now,
    log,
    onStarted: () => metrics.runsStarted.inc(),
    mayDispatch: home.isExpected,
    isBusy: places.isOverloaded,
    tracing,
  })

  const clock = createSkewMonitor({
    defaultApi: config.wechatApiBase,
    now,
    monotonic: () => performance.now(),
    log,
  })
  const platformBase = config.platform?.apiBase ?? null
  const platform: PlatformService | null = config.platform
    ? createPlatformService({
        config: config.platform,
        store: createPlatformStore(db, sealer),
        accounts,
        client: createComponentClient(clientOf({ apiBase: platformBase }).post, config.platform),
        tokens,
        wechatPages: platformBase ?? (config.wechatApiBase === WECHAT_API ? null : config.wechatApiBase),
        now,
        toPlatformTime: (at) => at - clock.aheadMs(platformBase),
        log,
        reloadAccounts: changed,
        resumeSends: (appId) => retryDeferredSteps({ db, runs, log }, { appId }),
        stopRuns: (appId, reason) => stopAccountRuns({ db, runs }, appId, reason),
      })
    : null
  const platformDoor = platform && createCallbackAccounts({ platform, configCache: directory, clientOf, log })

  const { forwardPrivate = false } = config
  const seenAt = new Map<string, number>()
  const counts = { accepted: 0, duplicates: 0, refused: 0 }
  const inbox = createGroupCommit<ArrivingEvent, Accepted>({
    store: createAcceptEvents({ db, isExitText: directory.isExitText, isOnlyWriter: deps.embedded === true }),
    giveUpMs: STORE_DEADLINE_MS,
    now: () => performance.now(),
  })
  const accountOf = platformDoor?.findAccount ?? directory.findAccount
  const callback = createCallbackApp({
    isCached: platformDoor?.isCached ?? directory.isCached,
    async findAccount(appId) {
      const account = await accountOf(appId)
      return account && !deps.simulator ? withoutPublicSecrets(account) : account
    },
    ...(platformDoor ? { releaseTestReply: platformDoor.releaseTestReply } : {}),
    match: directory.match,
    accept: inbox.accept,
    admission: places,
    onShed: () => metrics.callbacksShed.inc(),
    tracing,
    forward: createForwarder({
      allowPrivate: forwardPrivate,
      now,
      log,
      count: (result) => metrics.forwards.inc({ result }),
    }),
    skewMonitor: clock,
    wakeDispatcher: dispatcher.wake,
    onModeChecked: createModeMismatchRecorder({ db, now }),
    onReceived(appId) {
      if (now() - (seenAt.get(appId) ?? 0) < CALLBACK_NOTED_EVERY_MS) return
      seenAt.set(appId, now())
      accounts.recordCallback(appId).catch(() => seenAt.delete(appId))
    },
    now,
    maxAgeMs: config.callbackMaxAgeMs,
    log,
    count(result, seconds) {
      metrics.callbacks.inc({ result })
      metrics.callbackSeconds.observe(seconds)
      if (result === 'accepted') counts.accepted += 1
      if (result === 'duplicate') counts.duplicates += 1
      if (result === 'refused') counts.refused += 1
    },
  })

  const activityDeps: ActivityDeps = {
    db,
    log,
    now,
    tokens,
    throttle: gate,
    messageOf: campaigns.messageOf,
    accounts: {
      async find(appId) {
        const account = await accounts.find(appId)
        return (
          account && {
            ...account,
            active: canSend(account, now()),
            rate: currentRate(account.sendQuota, now()),
            client: gate.observe(appId, clientOf(account)),
          }
        )
      },
      stop: stopAccount,
      fetchSendQuota: createSendQuotaFetcher({ accounts, now }),
      recordInvalidRecipient: accounts.recordInvalidRecipient,
      recordValidRecipient: accounts.recordValidRecipient,
      recordRefusedKind: accounts.recordRefusedKind,
      recordAcceptedKind: accounts.recordAcceptedKind,
    },
    metrics: {
      sent: (result, errcode) =>
        metrics.sends.inc({ result, errcode: errcode === null ? '' : String(errcode) }),
      attempt: (kind, errcode) =>
        metrics.sendAttempts.inc({ class: kind, errcode: errcode === null ? '' : String(errcode) }),
      mismatch: (errcode) => metrics.grantMismatches.inc({ errcode: String(errcode) }),
      held: (reason) => metrics.stepsHeld.inc({ reason }),
      lateness(ms, wasHeld) {
        metrics.lateness.observe(ms / 1000)
        if (!wasHeld) metrics.unheldLateness.observe(ms / 1000)
      },
      skipped: (reason) => metrics.stepsSkipped.inc({ reason }),
      ended: (outcome) => metrics.runsEnded.inc({ outcome }),
      snapshotReduced: (kept) => metrics.snapshotsReduced.inc({ kept }),
    },
  }

  /** Accounts or campaigns changed: live here when it resolves; media of replies follow in the background. */
  async function changed(): Promise<void> {
    await directory.reload()
    const { live } = await campaigns.live()
    replies.prepare(directory.accounts(), live).catch((err) => log.warn({ err }, 'reply media'))
  }

  const jobs = createPeriodicJobs({
    db,
    ownerId: by,
    now,
    log,
    jobs: [
      createReconciler({
        db,
        client: link.client,
        runs,
        home,
        now,
        log,
        onEnded: () => metrics.runsEnded.inc({ outcome: 'terminated' }),
      }),
      createRunRebuild({
        db,
        client: link.client,
        runs,
        home,
        rulesOf: directory.rulesOf,
        now,
        log,
      }),
      createAccountRemovalJob({ db, now }),
      createAccessTokenRefresh({ db, tokens, now, blockedForSecret: accounts.blockedForSecret }),
      createPurge({ db, now, retentionDays: config.retentionDays }),
      ...(deps.embedded ? [createVacuum({ db })] : []),
      ...(platform ? [createPlatformEventsJob(platform)] : []),
    ],
  })

  return {
    by,
    now,
    db,
    log,
    link,
    metrics,
    refreshGauges: createGauges({
      ...{ metrics, db, link, home, clock, now },
      countAccounts: accounts.countByState,
    }),
    accounts,
    campaigns,
    storesIn: (tx: Db) => ({
      accounts: createAccountStore(tx, sealer, now),
      campaigns: createCampaignStore(tx, now),
    }),
    sealer,
    tokens,
    clientOf,
    directory,
    runs,
    home,
    dispatcher,
    clock,
    callback,
    places,
    platform,
    codec: createPayloadCodec(keys, payloadEncryption),
    rotateKeys: () => rotateKeys({ db, sealer, client: link.client, now, log }),
    callbackMaxAgeMs: config.callbackMaxAgeMs,
    forwardPrivate,
    counts,
    changed,
    jobs,
    activities: createActivities(activityDeps),
  }
}
