import type { Hono } from 'hono'
import { pino } from 'pino'
import { createTestClock } from '../../src/bootstrap/demo/test-clock.ts'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { listen } from '../../src/bootstrap/http/server.ts'
import { createServices, type Services } from '../../src/bootstrap/services.ts'
import { checkCampaign } from '../../src/campaign/check.ts'
import { createSimulator, type Simulator } from '../../src/simulator/index.ts'
import type { NewAccount } from '../../src/store/accounts/account-store.ts'
import { openStore, type Store } from '../../src/store/db.ts'
import { type RunRow, runsByFollower } from '../../src/store/runs/run-rows.ts'
import { createDataConverter } from '../../src/temporal/codec.ts'
import { connectTemporal } from '../../src/temporal/connection.ts'
import { freePort } from '../../src/temporal/local-server/ports.ts'
import { runWorkers } from '../../src/temporal/workers.ts'
import { bundleWorkflows } from '../../src/temporal/workflow-bundle/workflow-bundle.ts'
import { freshNamespace } from './fresh-namespace.ts'
import { WAIT_TIMEOUT_MS } from './timeouts.ts'

/** The whole product in this process: store, engine, workers, callback server and simulator, all real. */
export interface AppHarness {
  /** Another one after `restart`. */
  readonly services: Services
  /** Everything that the port serves. */
  readonly web: Hono
  readonly namespace: string
  /** From the next restart on, the product is told another namespace. */
  useNamespace(namespace: string): void
  /** From the next restart on, the machine's clock. */
  setClock(now: () => number): void
  simulator: Simulator
  callbackUrl: string
  simulatorUrl: string
  addAccount(account: Partial<NewAccount> & { appId: string }): Promise<void>
  publish(yaml: string): Promise<void>
  /** Serves the queue of the sends, where it was to wait. */
  startSendWorker(): Promise<void>
  /** The follower's latest run, once `ready`; waits for a condition, not for a time. */
  waitForRun(appId: string, openId: string, ready: (run: RunRow) => boolean): Promise<RunRow>
  /** Ends everything but the simulator, as a stop does, and begins anew on the same store; `meanwhile` nothing runs. */
  restart(meanwhile?: () => Promise<unknown> | unknown): Promise<void>
  close(): Promise<void>
}

const TEST_KEY = 'test-aes-key-test-aes-key-test-aes-key-test'.replaceAll('-', 'x').slice(0, 43)
const bundle = bundleWorkflows()

/** The platform's credentials, for a test that plays one. */
export const TEST_PLATFORM = {
  appId: 'wxplatform00000001',
  appSecret: 'test-platform-secret',
  token: 'test-platform-token',
  aesKey: TEST_KEY,
  previousAesKey: 'earliertest'.repeat(4).slice(0, 43),
}

export async function startAppHarness(options: {
  temporalAddress: string
  /** Where the product reaches the engine, when that is not where it is. */
  proxyAddress?: string
  databaseUrl?: string
  /** Of the embedded store; in memory, if nothing is said. */
  dataDir?: string
  namespace?: string
  adminToken?: string
  platform?: boolean
  /** Sends queue up until `startSends`. */
  deferSends?: boolean
  /** Whether histories are encrypted; they are, unless said otherwise. */
  encryption?: 'on' | 'off'
  encryptionKey?: string
  previousKeys?: readonly string[]
  /** Goes on with this one, which is closed with it. */
  store?: Store
  /** The simulated WeChat's clock; this machine's, if nothing is said. */
  wechatNow?: () => number
  /** How long WeChat waits for an answer; 5 s, if nothing is said. */
  answerWithinMs?: number
  /** Is given each line of the log. */
  log?(line: string): void
}): Promise<AppHarness> {
  const log = options.log
    ? pino({ level: 'info' }, { write: options.log })
    : pino({ level: process.env.TEST_LOG ?? 'silent' })
  let namespace = options.namespace ?? (await freshNamespace(options.temporalAddress))
  const port = await freePort()
  let now: () => number = Date.now
  let running: Awaited<ReturnType<typeof open>>
  /** Its content would end with it. */
  let memoryStore: Store | undefined = options.store
  const { encryption = 'on', encryptionKey = 'test-encryption-key', previousKeys = [] } = options
  const payloadEncryption = encryption === 'on'
  const dataConverter = createDataConverter(
    { current: encryptionKey, previous: previousKeys },
    payloadEncryption,
  )
  const simulator = createSimulator({
    ...(options.wechatNow ? { now: options.wechatNow } : {}),
    ...(options.answerWithinMs ? { answerTimeoutMs: options.answerWithinMs } : {}),
    testClock: {
      advance: (...args) => running.machine.advance(...args),
      nextAt: (...args) => running.machine.nextAt(...args),
      syncTo: (...args) => running.machine.syncTo(...args),
    },
  })
  const { url: apiBase } = await simulator.listen(0)
  running = await open()

  async function open() {
    const { databaseUrl, dataDir = null } = options
    const store = memoryStore ?? (await openStore({ databaseUrl, dataDir }))
    if (!databaseUrl && !dataDir) memoryStore = store
    const address = options.proxyAddress ?? options.temporalAddress
    const target = { namespace, connection: { address } }
    const link = connectTemporal(target, 'test', dataConverter)
    const config = {
      wechatApiBase: options.platform ? apiBase : 'http://127.0.0.1:9',
      callbackMaxAgeMs: 600_000,
      retentionDays: 30,
      previousKeys: [...previousKeys],
      payloadEncryption,
      platform: options.platform ? { ...TEST_PLATFORM, publicUrl: `http://127.0.0.1:${port}` } : null,
    }
    const services = createServices({
      config,
      db: store.db,
      link,
      encryptionKey,
      log,
      now,
    })
    await services.changed()
    const links = { simulatorUrl: null, temporalUiUrl: null, namespace }
    const web = createHttpApp(services, {
      adminToken: options.adminToken ?? 'test-admin-token',
      links: () => links,
    })
    const server = await listen(web, port, '127.0.0.1')
    const startWorkers = async (queues: readonly ('nurture' | 'send')[]) => {
      const { activities } = services
      const workers = runWorkers({
        target,
        activities,
        identity: 'test',
        graceMs: 1_000,
        log,
        bundle,
        queues,
        dataConverter,
        mayPoll: services.home.mayPoll,
      })
      // They never poll an engine that is not ours.
      if (await services.home.mayPoll()) await workers.polling
      return workers
    }
    const workers = [await startWorkers(options.deferSends ? ['nurture'] : ['nurture', 'send'])]
    services.dispatcher.start()
    return {
      product: services,
      web,
      server,
      machine: createTestClock(link.client, store.db),
      async startSendWorker() {
        workers.push(await startWorkers(['send']))
      },
      async stop() {
        await services.dispatcher.stop()
        await Promise.all(workers.map((w) => w.stop()))
        await server.close()
        await link.close()
        if (store !== memoryStore) await store.close()
      },
    }
  }

  return {
    get services() {
      return running.product
    },
    get web() {
      return running.web
    },
    get namespace() {
      return namespace
    },
    setClock(other) {
      now = other
    },
    useNamespace(other) {
      namespace = other
    },
    simulator,
    callbackUrl: running.server.url,
    simulatorUrl: apiBase,
    async addAccount(account) {
      const full: NewAccount = {
        name: '测试账号',
        mode: 'security',
        appSecret: 'test-secret',
        token: 'test-token',
        encodingAesKey: TEST_KEY,
        rules: 'wechat-2023',
        onUnknown: 'retry',
        timezone: 'Asia/Shanghai',
        apiBase,
        humanAgents: false,
        ...account,
      }
      await running.product.accounts.add(full)
      await running.product.changed()
      const { appId, appSecret, token, encodingAesKey, mode, name, rules: profile } = full
      const callbackUrl = `${running.server.url}/wechat/${appId}`
      simulator.addAccount({ appId, appSecret, token, encodingAesKey, mode, name, profile, callbackUrl })
    },
    async publish(yaml) {
      const { campaign, issues } = checkCampaign(yaml)
      if (!campaign) throw new Error(JSON.stringify(issues))
      await running.product.campaigns.publish(yaml, campaign, [])
      await running.product.changed()
    },
    startSendWorker: () => running.startSendWorker(),
    async waitForRun(appId, openId, ready) {
      const end = Date.now() + WAIT_TIMEOUT_MS
      for (;;) {
        const [run] = await runsByFollower(running.product.db, { appId, openId }, 1)
        if (run && ready(run)) return run
        if (Date.now() > end) throw new Error(`never came to be: ${JSON.stringify(run?.state ?? null)}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    async restart(meanwhile = () => {}) {
      await running.stop()
      await meanwhile()
      running = await open()
    },
    async close() {
      await running.stop()
      await memoryStore?.close()
      await simulator.close()
    },
  }
}
