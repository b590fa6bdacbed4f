import type { Hono } from 'hono'
import { pino } from 'pino'
import type { Services } from '../../src/bootstrap/services.ts'
import { createSimulator, type Simulator } from '../../src/simulator/index.ts'
import type { NewAccount } from '../../src/store/accounts/account.ts'
import type { Store } from '../../src/store/db.ts'
import { openStore } from '../../src/store/open-store.ts'
import { type RunRow, runsByFollower } from '../../src/store/runs/run-rows.ts'
import { createDataConverter } from '../../src/temporal/codec.ts'
import { freePort } from '../../src/temporal/local-server/ports.ts'
import { TEST_PLATFORM, testAccount } from '../fixtures/test-account.ts'
import { type AppProcess, type AppSettings, startAppProcess } from './app-process.ts'
import { freshNamespace } from './fresh-namespace.ts'
import { NOWHERE } from './offline-services.ts'
import { publishCampaign } from './publish-campaign.ts'
import { waitFor } from './wait-for.ts'

export interface AppHarnessOptions {
  temporalAddress: string
  /** The address at which the app reaches Temporal, where it differs from the server's own. */
  proxyAddress?: string
  databaseUrl?: string
  /** Folder of the embedded store; in memory when absent. */
  dataDir?: string
  namespace?: string
  adminToken?: string
  /** Whether a third-party platform is configured. */
  platform?: boolean
  /** Sends wait in their queue until `startSendWorker`. */
  deferSends?: boolean
  /** Whether histories are encrypted; true by default. */
  encryption?: 'on' | 'off'
  /** Whether webhooks may be sent by http to this machine. */
  webhookPrivate?: boolean
  encryptionKey?: string
  previousKeys?: readonly string[]
  /** An existing store. The harness closes it. */
  store?: Store
  /** The app's clock; this machine's by default. See also `setClock`. */
  now?: () => number
  /** Without workers, runs do not go on. */
  noWorkers?: boolean
  /** The simulated WeChat's clock; this machine's by default. */
  wechatNow?: () => number
  /** The time in which WeChat expects an answer to a callback; 5 s by default. */
  answerWithinMs?: number
  /** Receives each line of the log. */
  log?(line: string): void
}

/** The whole app in this process. Only WeChat is simulated; store, Temporal, workers and HTTP server are real. */
export async function startAppHarness(options: AppHarnessOptions): Promise<AppHarness> {
  const namespace = options.namespace ?? (await freshNamespace(options.temporalAddress))
  const harness = new AppHarness(options, namespace)
  await harness.start()
  return harness
}

export class AppHarness {
  readonly simulator: Simulator
  simulatorUrl = ''
  private readonly options: AppHarnessOptions
  private currentNamespace: string
  private now: () => number
  /** Kept over restarts, since a store in memory would be lost. */
  private memoryStore: Store | undefined
  private store!: Store
  private settings!: AppSettings
  private process!: AppProcess

  /** Use `startAppHarness`. */
  constructor(options: AppHarnessOptions, namespace: string) {
    this.options = options
    this.currentNamespace = namespace
    this.memoryStore = options.store
    this.now = options.now ?? Date.now
    this.simulator = createSimulator({
      ...(options.wechatNow ? { now: options.wechatNow } : {}),
      ...(options.answerWithinMs ? { answerTimeoutMs: options.answerWithinMs } : {}),
      testClock: {
        advance: (...args) => this.process.testClock.advance(...args),
        nextAt: (...args) => this.process.testClock.nextAt(...args),
        syncTo: (...args) => this.process.testClock.syncTo(...args),
        arriveAt: async (...args) => (await this.process.testClock.arriveAt?.(...args)) ?? false,
      },
    })
  }

  async start(): Promise<void> {
    const { url } = await this.simulator.listen(0)
    this.simulatorUrl = url
    this.settings = settingsOf(this.options, await freePort(), url)
    await this.startProcess()
  }

  /** A new object after each `restart`. */
  get services(): Services {
    return this.process.services
  }

  /** The HTTP app of the port. */
  get web(): Hono {
    return this.process.web
  }

  get callbackUrl(): string {
    return this.process.url
  }

  get namespace(): string {
    return this.currentNamespace
  }

  /** Takes effect at the next restart. */
  useNamespace(namespace: string): void {
    this.currentNamespace = namespace
  }

  /** Sets the app's clock. Takes effect at the next restart. */
  setClock(now: () => number): void {
    this.now = now
  }

  /** Registers an account with the app and with the simulated WeChat. */
  async addAccount(account: Partial<NewAccount> & { appId: string }): Promise<void> {
    const full = testAccount({ apiBase: this.simulatorUrl, ...account })
    await this.services.accounts.add(full)
    await this.services.reloadConfig()
    const { appId, appSecret, token, encodingAesKey, mode, name, rules: profile } = full
    const callbackUrl = `${this.callbackUrl}/wechat/${appId}`
    this.simulator.addAccount({ appId, appSecret, token, encodingAesKey, mode, name, profile, callbackUrl })
  }

  async publish(yaml: string): Promise<void> {
    await publishCampaign(this.services, yaml)
  }

  /** Starts the worker of the queue of sends, after `deferSends`. */
  startSendWorker(): Promise<void> {
    return this.process.startWorkers(['send'])
  }

  /** Waits until the follower's latest run satisfies `ready`, and returns it. */
  async waitForRun(appId: string, openId: string, ready: (run: RunRow) => boolean): Promise<RunRow> {
    const latest = async () => (await runsByFollower(this.services.db, { appId, openId }, 1))[0]
    const run = await waitFor(latest, { until: (found) => found !== undefined && ready(found) })
    // `until` has checked it.
    return run as RunRow
  }

  /** Stops everything but the simulator, calls `meanwhile`, and starts everything again on the same store. */
  async restart(meanwhile: () => Promise<unknown> | unknown = () => {}): Promise<void> {
    await this.stopProcess()
    await meanwhile()
    await this.startProcess()
  }

  async close(): Promise<void> {
    await this.stopProcess()
    await this.memoryStore?.close()
    await this.simulator.close()
  }

  private async startProcess(): Promise<void> {
    const { databaseUrl, dataDir = null } = this.options
    this.store = this.memoryStore ?? (await openStore({ databaseUrl, dataDir }))
    if (!databaseUrl && !dataDir) this.memoryStore = this.store
    const { store, namespace, now } = this
    this.process = await startAppProcess(this.settings, { store, namespace, now })
  }

  private async stopProcess(): Promise<void> {
    await this.process.stop()
    if (this.store !== this.memoryStore) await this.store.close()
  }
}

/** The address of short links. Nothing listens there. */
export const TEST_PUBLIC_URL = 'https://nurture.example'

function settingsOf(options: AppHarnessOptions, port: number, apiBase: string): AppSettings {
  const { encryption = 'on', encryptionKey = 'test-encryption-key', previousKeys = [] } = options
  const payloadEncryption = encryption === 'on'
  const keys = { current: encryptionKey, previous: previousKeys }
  return {
    temporalAddress: options.proxyAddress ?? options.temporalAddress,
    port,
    config: {
      wechatApiBase: options.platform ? apiBase : `http://${NOWHERE}`,
      callbackMaxAgeMs: 600_000,
      retentionDays: 30,
      runRetentionDays: 90,
      previousKeys: [...previousKeys],
      payloadEncryption,
      webhookPrivate: options.webhookPrivate ?? false,
      publicUrl: TEST_PUBLIC_URL,
      platform: options.platform ? { ...TEST_PLATFORM, publicUrl: `http://127.0.0.1:${port}` } : null,
    },
    adminToken: options.adminToken ?? 'test-admin-token',
    encryptionKey,
    dataConverter: createDataConverter(keys, payloadEncryption),
    log: options.log
      ? pino({ level: 'info' }, { write: options.log })
      : pino({ level: process.env.TEST_LOG ?? 'silent' }),
    queues: options.noWorkers ? [] : options.deferSends ? ['nurture'] : ['nurture', 'send'],
  }
}
