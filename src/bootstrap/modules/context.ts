import { randomBytes } from 'node:crypto'
import { createSkewMonitor, type SkewMonitor } from '../../callback/skew-monitor.ts'
import type { Config } from '../../config/config.ts'
import type { Log } from '../../shared/log.ts'
import { createMetrics, type Metrics } from '../../shared/metrics.ts'
import { type AccountStore, createAccountStore } from '../../store/accounts/account-store.ts'
import { type CampaignStore, createCampaignStore } from '../../store/campaigns/campaign-store.ts'
import { createDraftStore, type DraftStore } from '../../store/campaigns/draft-store.ts'
import type { Db } from '../../store/db.ts'
import { createSealer, type Sealer } from '../../store/encryption/sealer.ts'
import { createHookStore, type HookStore } from '../../store/hooks/hook-store.ts'
import {
  createWebhookEndpointStore,
  type WebhookEndpointStore,
} from '../../store/webhooks/webhook-endpoints.ts'
import type { TemporalConnection } from '../../temporal/connection.ts'
import { createNamespaceGuard, type NamespaceGuard } from '../../temporal/namespace-guard.ts'
import { createRunClient, type RunClient } from '../../temporal/run-client.ts'
import { noopTracing, type Tracing } from '../../tracing/tracing.ts'
import { createWechatClients, type WechatClients } from './wechat-clients.ts'

/** Settings of the services. Optional ones have the defaults of `loadConfig`. */
type ServiceConfig = Pick<
  Config,
  'wechatApiBase' | 'callbackMaxAgeMs' | 'retentionDays' | 'runRetentionDays'
> &
  Partial<
    Pick<
      Config,
      'platform' | 'publicUrl' | 'forwardPrivate' | 'webhookPrivate' | 'previousKeys' | 'payloadEncryption'
    >
  >

/** Settings and connections of a process. */
export interface ServiceOptions {
  config: ServiceConfig
  db: Db
  temporal: TemporalConnection
  encryptionKey: string
  log: Log
  /** Real time, epoch ms. Default: the system clock. */
  now?: () => number
  tracing?: Tracing
  /** The simulator runs in this process, so its accounts are served although their secrets are public. */
  simulator?: boolean
  /** The store is embedded: this process is the only writer, and must vacuum it. */
  embedded?: boolean
}

/** What all modules of a process share. */
export interface ServiceContext {
  config: ServiceConfig
  db: Db
  temporal: TemporalConnection
  log: Log
  /** Real time, epoch ms. */
  now: () => number
  tracing: Tracing
  simulator: boolean
  embedded: boolean
  /** Identifies this process in leases. */
  ownerId: string
  metrics: Metrics
  sealer: Sealer
  accounts: AccountStore
  campaigns: CampaignStore
  drafts: DraftStore
  webhookEndpoints: WebhookEndpointStore
  hooks: HookStore
  runs: RunClient
  namespaceGuard: NamespaceGuard
  skewMonitor: SkewMonitor
  clientOf: WechatClients
}

/** Creates the stores, clients and metrics of one process. Starts nothing. */
export function createServiceContext(options: ServiceOptions): ServiceContext {
  const { config, db, temporal, log, simulator = false, embedded = false } = options
  const { now = Date.now, tracing = noopTracing } = options
  const { client } = temporal
  const sealer = createSealer(options.encryptionKey, config.previousKeys ?? [])
  return {
    config,
    db,
    temporal,
    log,
    now,
    tracing,
    simulator,
    embedded,
    // Short, because many rows contain it.
    ownerId: `${process.pid}-${randomBytes(3).toString('hex')}`,
    metrics: createMetrics({ processMetrics: true }),
    sealer,
    accounts: createAccountStore(db, sealer, now),
    campaigns: createCampaignStore(db, now),
    drafts: createDraftStore(db, now),
    webhookEndpoints: createWebhookEndpointStore(db, sealer, now),
    hooks: createHookStore(db, sealer, now),
    runs: createRunClient(client),
    namespaceGuard: createNamespaceGuard({ db, client, now, log }),
    skewMonitor: createSkewMonitor({
      defaultApi: config.wechatApiBase,
      now,
      monotonic: () => performance.now(),
      log,
    }),
    clientOf: createWechatClients({ apiBase: config.wechatApiBase, tracing, log }),
  }
}
