import { randomBytes } from 'node:crypto'
import { createGate } from '../../activities/gate.ts'
import { type ActivityDeps, createActivities } from '../../activities/index.ts'
import { dayInBeijing, nextDayInBeijing } from '../beijing.ts'
import { type Config, WECHAT_API } from '../config.ts'
import { releaseRuns, stopAccountRuns } from '../engine/account-runs.ts'
import { createPayloadCodec } from '../engine/codec.ts'
import type { EngineLink } from '../engine/connection.ts'
import { createEngineHome } from '../engine/home.ts'
import { createRuns } from '../engine/runs.ts'
import { SEND_SLOTS } from '../engine/workers.ts'
import { createAccept } from '../intake/accept.ts'
import { createCallbackApp, STORE_WITHIN_MS } from '../intake/callback.ts'
import { createDirectory } from '../intake/directory.ts'
import { createDispatcher } from '../intake/dispatcher.ts'
import { createForwarder } from '../intake/forward.ts'
import { createGroupCommit } from '../intake/group-commit.ts'
import { createPlaces } from '../intake/places.ts'
import type { Arriving } from '../intake/reply-due.ts'
import { createReplyMedia } from '../intake/reply-media.ts'
import { createSkewWatch } from '../intake/skew-watch.ts'
import { createRemovalJob } from '../jobs/finish-removals.ts'
import { createPeriodic } from '../jobs/periodic.ts'
import { createPurge } from '../jobs/purge.ts'
import { createReconciler } from '../jobs/reconcile.ts'
import { createTokenRefresh } from '../jobs/refresh-tokens.ts'
import { createEngineRestore } from '../jobs/restore-engine.ts'
import { createVacuum } from '../jobs/vacuum.ts'
import type { Log } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { createPlatform, type Platform } from '../platform/component.ts'
import { createPlatformDoor } from '../platform/door.ts'
import { createPlatformJob } from '../platform/job.ts'
import { createAccountStore, isServing } from '../store/accounts.ts'
import { createCampaignStore } from '../store/campaigns.ts'
import type { Db } from '../store/db.ts'
import type { Accepted } from '../store/inbox.ts'
import { createPlatformStore } from '../store/platform.ts'
import { createSealer } from '../store/sealed.ts'
import { createTokenStore } from '../store/tokens.ts'
import { noTracing, type Tracing } from '../tracing/tracing.ts'
import { createWechatClient, type WechatClient } from '../wechat/client.ts'
import { createComponentClient } from '../wechat/component-client.ts'
import { isSecretRefused, remedyOf, textOf } from '../wechat/errcodes.ts'
import { fallbacksOf } from '../wechat/hosts.ts'
import { createTokenKeeper } from '../wechat/tokens.ts'
import { createCallbackModes } from './callback-modes.ts'
import { withoutPublicSecrets } from './demo.ts'
import { createGauges } from './gauges.ts'
import { createQuotaLearner, rateOf } from './quota.ts'
import { rotateKeys } from './rotate-keys.ts'
import { createPlatformSecretRest, createSecretBlock } from './secret-block.ts'

const CALLBACK_NOTED_EVERY_MS = 60_000

export type Product = ReturnType<typeof createProduct>

/** Puts the parts of one process together; starts nothing. */
export function createProduct(deps: {
  config: Pick<Config, 'wechatApiBase' | 'callbackMaxAgeMs' | 'retentionDays'> &
    Partial<Pick<Config, 'platform' | 'forwardPrivate' | 'previousKeys' | 'payloadEncryption'>>
  db: Db
  link: EngineLink
  encryptionKey: string
  log: Log
  now?: () => number
  tracing?: Tracing
  /** The simulator runs in this process: its accounts are served, whose secrets are known to everybody. */
  simulator?: boolean
  /** The store is embedded: no other process writes to it or vacuums it. */
  embedded?: boolean
}) {
  const { config, db, link, log, tracing = noTracing } = deps
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
  const gate = createGate({
    slots: SEND_SLOTS,
    now,
    onChange(appId, open) {
      metrics.circuitsOpen.inc(open ? 1 : -1)
      log.warn({ appId }, open ? 'account left alone: its requests get no answer' : 'account answers again')
    },
  })
  const tokenOf = createSecretBlock({
    now,
    log,
    block: (appId, errcode) => stopAccount(appId, 'blocked', errcode),
    async free(appId) {
      if (!(await accounts.endSecretBlock(appId))) return
      log.info({ appId }, 'AppSecret is taken again; the account is served')
      await changed()
      releaseRuns({ db, runs, log }, { appId })
    },
  })
  const componentToken = config.platform && createPlatformSecretRest({ platform: config.platform, now, log })
  const tokens = createTokenKeeper({
    store: createTokenStore(db, sealer),
    by,
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
      const client = gate.hearing(appId, clientOf(account))
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
  const replies = createReplyMedia({
    db,
    tokens,
    now,
    clientOf,
    log,
    stop: stopAccount,
  })
  const directory = createDirectory({ accounts, campaigns, mediaId: replies.mediaId, now, log })
  const runs = createRuns(link.client)
  const home = createEngineHome({ db, client: link.client, now, log })
  const places = createPlaces((waiting) => metrics.callbacksWaiting.set(waiting))
  const dispatcher = createDispatcher({
    db,
    runs,
    directory,
    by,
    now,
    log,
    onStarted: () => metrics.runsStarted.inc(),
    mayDispatch: home.isHome,
    isBusy: places.isFlooded,
    tracing,
  })

  const clock = createSkewWatch({
    defaultApi: config.wechatApiBase,
    now,
    monotonic: () => performance.now(),
    log,
  })
  const platformBase = config.platform?.apiBase ?? null
  const platform: Platform | null = config.platform
    ? createPlatform({
        config: config.platform,
        store: createPlatformStore(db, sealer),
        accounts,
        client: createComponentClient(clientOf({ apiBase: platformBase }).post, config.platform),
        tokens,
        wechatPages: platformBase ?? (config.wechatApiBase === WECHAT_API ? null : config.wechatApiBase),
        now,
        platformTime: (at) => at - clock.aheadMs(platformBase),
        log,
        changed,
        resume: (appId) => releaseRuns({ db, runs, log }, { appId }),
        stopRuns: (appId, reason) => stopAccountRuns({ db, runs }, appId, reason),
      })
    : null
  const platformDoor = platform && createPlatformDoor({ platform, directory, clientOf, log })

  const { forwardPrivate = false } = config
  const seenAt = new Map<string, number>()
  const counts = { accepted: 0, duplicates: 0, refused: 0 }
  const inbox = createGroupCommit<Arriving, Accepted>({
    store: createAccept({ db, isExitText: directory.isExitText, isOnlyWriter: deps.embedded === true }),
    giveUpMs: STORE_WITHIN_MS,
    now: () => performance.now(),
  })
  const accountOf = platformDoor?.account ?? directory.account
  const callback = createCallbackApp({
    knows: platformDoor?.knows ?? directory.knows,
    async account(appId) {
      const account = await accountOf(appId)
      return account && !deps.simulator ? withoutPublicSecrets(account) : account
    },
    ...(platformDoor ? { tester: platformDoor.tester } : {}),
    match: directory.match,
    accept: inbox.accept,
    places,
    shed: () => metrics.callbacksShed.inc(),
    tracing,
    forward: createForwarder({
      allowPrivate: forwardPrivate,
      now,
      log,
      count: (result) => metrics.forwards.inc({ result }),
    }),
    clock,
    nudge: dispatcher.nudge,
    mode: createCallbackModes({ db, now }),
    seen(appId) {
      if (now() - (seenAt.get(appId) ?? 0) < CALLBACK_NOTED_EVERY_MS) return
      seenAt.set(appId, now())
      accounts.noteCallback(appId).catch(() => seenAt.delete(appId))
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
    gate,
    messageOf: campaigns.messageOf,
    accounts: {
      async find(appId) {
        const account = await accounts.find(appId)
        return (
          account && {
            ...account,
            active: isServing(account, now()),
            rate: rateOf(account.sendQuota, now()),
            client: gate.hearing(appId, clientOf(account)),
          }
        )
      },
      stop: stopAccount,
      learnQuota: createQuotaLearner({ accounts, now }),
      noteBadFollower: accounts.noteBadFollower,
      noteGoodFollower: accounts.noteGoodFollower,
      noteRefusedKind: accounts.noteRefusedKind,
      noteTakenKind: accounts.noteTakenKind,
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

  const jobs = createPeriodic({
    db,
    by,
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
      createEngineRestore({
        db,
        client: link.client,
        runs,
        home,
        rulesOf: directory.rulesOf,
        now,
        log,
      }),
      createRemovalJob({ db, now }),
      createTokenRefresh({ db, tokens, now, blockedForSecret: accounts.blockedForSecret }),
      createPurge({ db, now, retentionDays: config.retentionDays }),
      ...(deps.embedded ? [createVacuum({ db })] : []),
      ...(platform ? [createPlatformJob(platform)] : []),
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
