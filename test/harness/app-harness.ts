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
  /** Where the app reaches Temporal, when that is not where it is. */
  proxyAddress?: string
  databaseUrl?: string
  /** Of the embedded store; in memory when absent. */
  dataDir?: string
  namespace?: string
  adminToken?: string
  /** Whether WeChat's third-party platform is configured. */
  platform?: boolean
  /** Sends queue up until `startSendWorker`. */
  deferSends?: boolean
  /** Whether histories are encrypted; they are by default. */
  encryption?: 'on' | 'off'
  encryptionKey?: string
  previousKeys?: readonly string[]
  /** A store to go on with; it is closed with the harness. */
  store?: Store
  /** The simulated WeChat's clock; this machine's by default. */
  wechatNow?: () => number
  /** How long WeChat waits for an answer; 5 s by default. */
  answerWithinMs?: number
  /** Receives each line of the log. */
  log?(line: string): void
}

/** The whole app in this process, with a simulated WeChat: store, Temporal, workers and HTTP server are real. */
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
  private now: () => number = Date.now
  /** Kept over restarts, since its content would end with it. */
  private memoryStore: Store | undefined
  private store!: Store
  private settings!: AppSettings
  private process!: AppProcess

  /** Use `startAppHarness`. */
  constructor(options: AppHarnessOptions, namespace: string) {
    this.options = options
    this.currentNamespace = namespace
    this.memoryStore = options.store
    this.simulator = createSimulator({
      ...(options.wechatNow ? { now: options.wechatNow } : {}),
      ...(options.answerWithinMs ? { answerTimeoutMs: options.answerWithinMs } : {}),
      testClock: {
        advance: (...args) => this.process.testClock.advance(...args),
        nextAt: (...args) => this.process.testClock.nextAt(...args),
        syncTo: (...args) => this.process.testClock.syncTo(...args),
      },
    })
  }

  async start(): Promise<void> {
    const { url } = await this.simulator.listen(0)
    this.simulatorUrl = url
    this.settings = settingsOf(this.options, await freePort(), url)
    await this.startProcess()
  }

  /** Another object after each `restart`. */
  get services(): Services {
    return this.process.services
  }

  /** Everything that the port serves. */
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

  /** Sets this machine's clock, as the app sees it; takes effect at the next restart. */
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

  /** Begins to serve the queue of sends, where `deferSends` left it waiting. */
  startSendWorker(): Promise<void> {
    return this.process.startWorkers(['send'])
  }

  /** The follower's latest run, once `ready`. */
  async waitForRun(appId: string, openId: string, ready: (run: RunRow) => boolean): Promise<RunRow> {
    const latest = async () => (await runsByFollower(this.services.db, { appId, openId }, 1))[0]
    const run = await waitFor(latest, { until: (found) => found !== undefined && ready(found) })
    // `ready` was asked of it.
    return run as RunRow
  }

  /** Stops everything but the simulator and starts it again on the same store. Nothing runs during `meanwhile`. */
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
      previousKeys: [...previousKeys],
      payloadEncryption,
      platform: options.platform ? { ...TEST_PLATFORM, publicUrl: `http://127.0.0.1:${port}` } : null,
    },
    adminToken: options.adminToken ?? 'test-admin-token',
    encryptionKey,
    dataConverter: createDataConverter(keys, payloadEncryption),
    log: options.log
      ? pino({ level: 'info' }, { write: options.log })
      : pino({ level: process.env.TEST_LOG ?? 'silent' }),
    queues: options.deferSends ? ['nurture'] : ['nurture', 'send'],
  }
}
