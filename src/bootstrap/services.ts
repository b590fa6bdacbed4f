import type { PayloadCodec } from '@temporalio/common'
import type { createActivities } from '../../activities/index.ts'
import type { KeyRotation } from '../api/routes/route-helpers.ts'
import { readClosingEntries } from '../callback/config/closing-entries.ts'
import type { ConfigCache } from '../callback/config/config-cache.ts'
import type { TestSend } from '../campaign/test-send.ts'
import { type ActivityCounter, createActivityCounter } from '../jobs/activity-counter.ts'
import type { BulkRunner } from '../jobs/bulk-runner.ts'
import { createClosingClock, type createWindowClosingJob } from '../jobs/window-closing.ts'
import type { PlatformService } from '../platform/platform-service.ts'
import { type AccountStore, createAccountStore } from '../store/accounts/account-store.ts'
import { type CampaignStore, createCampaignStore } from '../store/campaigns/campaign-store.ts'
import { createDraftStore, type DraftStore } from '../store/campaigns/draft-store.ts'
import type { Db } from '../store/db.ts'
import { createHookStore, type HookStore } from '../store/hooks/hook-store.ts'
import { createWebhookEndpointStore, type WebhookEndpointStore } from '../store/webhooks/webhook-endpoints.ts'
import { createPayloadCodec } from '../temporal/codec.ts'
import type { WebhookSender } from '../webhooks/webhook-sender.ts'
import type { TokenProvider } from '../wechat/api/tokens.ts'
import { rotateKeys } from './encryption/rotate-keys.ts'
import { createGauges } from './gauges.ts'
import { createBulkRunner } from './modules/bulk.ts'
import { type Configuration, createConfiguration } from './modules/configuration.ts'
import { createServiceContext, type ServiceContext, type ServiceOptions } from './modules/context.ts'
import { createIntake, type Intake } from './modules/intake.ts'
import { createJobs, type Jobs } from './modules/jobs.ts'
import { createPlatformModule, type PlatformModule } from './modules/platform.ts'
import { createSending } from './modules/sending.ts'
import { createWebhookSender } from './modules/webhooks.ts'

/** The services of one process. Nothing runs before it is started. */
export interface Services extends ServiceContext, Intake {
  tokens: TokenProvider
  activities: ReturnType<typeof createActivities>
  /** Sends the messages of a test. */
  testSend: TestSend
  configCache: ConfigCache
  /** Makes stored changes of accounts and campaigns live in this process. */
  reloadConfig(): Promise<void>
  /** The third-party platform; null when none is configured. */
  platform: PlatformService | null
  jobs: Jobs
  /** Writes what this process has counted for the overview. */
  activityCounter: ActivityCounter
  /** The closing windows of followers whose clock a test or a developer moves. */
  closingClock: ReturnType<typeof createClosingClock>
  /** Sends the webhooks of the outbox. */
  webhookSender: WebhookSender
  /** Makes the changes of bulk jobs. */
  bulkRunner: BulkRunner
  codec: PayloadCodec
  /** The same stores within a transaction. */
  storesIn(tx: Db): {
    accounts: AccountStore
    campaigns: CampaignStore
    drafts: DraftStore
    webhookEndpoints: WebhookEndpointStore
    hooks: HookStore
  }
  /** Encrypts the secrets of the store with the current key. */
  rotateKeys(): Promise<KeyRotation>
  /** Updates the gauges before a scrape. */
  refreshGauges(): Promise<void>
}

/** The composition root: creates the modules of a process and connects them. Starts nothing. */
export function createServices(options: ServiceOptions): Services {
  const context = createServiceContext(options)
  const { config, db, sealer, temporal, now, log } = context
  // Tokens need platform and configuration, which need tokens. Both ports are called only after all modules exist.
  const { tokens, stopAccount, activities, testSend } = createSending(context, {
    platform: () => platform?.service ?? null,
    reloadConfig: () => configuration.reload(),
    wakeDispatcher: () => intake.dispatcher.wake(),
  })
  const configuration: Configuration = createConfiguration(context, { tokens, stopAccount })
  const platform: PlatformModule | null = createPlatformModule(context, { tokens, configuration })
  const intake: Intake = createIntake(context, { configuration, platform })
  const closing = closingPorts(context, intake)
  const jobs = createJobs(context, { tokens, configuration, platform: platform?.service ?? null, closing })
  const keys = { current: options.encryptionKey, previous: config.previousKeys ?? [] }
  return {
    ...context,
    ...intake,
    tokens,
    activities,
    testSend,
    configCache: configuration.cache,
    reloadConfig: configuration.reload,
    platform: platform?.service ?? null,
    jobs,
    activityCounter: createActivityCounter(context),
    closingClock: createClosingClock(closing),
    webhookSender: createWebhookSender(context),
    bulkRunner: createBulkRunner(context),
    codec: createPayloadCodec(keys, config.payloadEncryption ?? true),
    storesIn: (tx) => ({
      accounts: createAccountStore(tx, sealer, now),
      campaigns: createCampaignStore(tx, now),
      drafts: createDraftStore(tx, now),
      webhookEndpoints: createWebhookEndpointStore(tx, sealer, now),
      hooks: createHookStore(tx, sealer, now),
    }),
    rotateKeys: () => rotateKeys({ db, sealer, client: temporal.client, now, log }),
    refreshGauges: createGauges(context),
  }
}

/** What the windows that close need of the other modules. */
function closingPorts(
  { db, accounts, campaigns, now, log }: ServiceContext,
  { dispatcher }: Intake,
): Parameters<typeof createWindowClosingJob>[0] {
  return {
    db,
    entries: () => readClosingEntries({ accounts, campaigns }, now()),
    onEvents: () => dispatcher.wake(),
    now,
    log,
  }
}
