import type { Hono } from 'hono'
import { pino } from 'pino'
import { createProduct, type Product } from '../../src/app/product.ts'
import { listen } from '../../src/app/server.ts'
import { createTimeMachine } from '../../src/app/time-machine.ts'
import { createWeb } from '../../src/app/web.ts'
import { checkCampaign } from '../../src/campaign/check.ts'
import { createDataConverter } from '../../src/engine/codec.ts'
import { linkEngine } from '../../src/engine/connection.ts'
import { freePort } from '../../src/engine/local/ports.ts'
import { runWorkers } from '../../src/engine/workers.ts'
import { bundleWorkflows } from '../../src/engine/workflow-bundle.ts'
import { createSimulator, type Simulator } from '../../src/simulator/index.ts'
import type { NewAccount } from '../../src/store/accounts.ts'
import { openStore, type Store } from '../../src/store/db.ts'
import { type RunRow, runsOf } from '../../src/store/runs.ts'
import { freshNamespace } from './namespace.ts'
import { PATIENCE_MS } from './patience.ts'

/** The whole product in this process: store, engine, workers, callback server and simulator, all real. */
export interface Whole {
  /** Another one after `restart`. */
  readonly product: Product
  /** Everything that the port serves. */
  readonly web: Hono
  readonly namespace: string
  /** From the next restart on, the product is told another namespace. */
  pointAt(namespace: string): void
  /** From the next restart on, the machine's clock. */
  setClock(now: () => number): void
  simulator: Simulator
  callbackUrl: string
  simulatorUrl: string
  addAccount(account: Partial<NewAccount> & { appId: string }): Promise<void>
  publish(yaml: string): Promise<void>
  /** Serves the queue of the sends, where it was to wait. */
  startSends(): Promise<void>
  /** The follower's latest run, once `ready`; waits for a condition, not for a time. */
  runWhen(appId: string, openId: string, ready: (run: RunRow) => boolean): Promise<RunRow>
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

export async function startWhole(options: {
  engineAddress: string
  /** Where the product reaches the engine, when that is not where it is. */
  throughAddress?: string
  databaseUrl?: string
  /** Of the embedded store; in memory, if nothing is said. */
  dataDir?: string
  namespace?: string
  adminToken?: string
  platform?: boolean
  /** Sends queue up until `startSends`. */
  sendsLater?: boolean
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
}): Promise<Whole> {
  const log = options.log
    ? pino({ level: 'info' }, { write: options.log })
    : pino({ level: process.env.TEST_LOG ?? 'silent' })
  let namespace = options.namespace ?? (await freshNamespace(options.engineAddress))
  const port = await freePort()
  let now: () => number = Date.now
  let parts: Awaited<ReturnType<typeof open>>
  /** Its content would end with it. */
  let inMemory: Store | undefined = options.store
  const { encryption = 'on', encryptionKey = 'test-encryption-key', previousKeys = [] } = options
  const payloadEncryption = encryption === 'on'
  const dataConverter = createDataConverter(
    { current: encryptionKey, previous: previousKeys },
    payloadEncryption,
  )
  const simulator = createSimulator({
    ...(options.wechatNow ? { now: options.wechatNow } : {}),
    ...(options.answerWithinMs ? { answerWithinMs: options.answerWithinMs } : {}),
    timeMachine: {
      hop: (...args) => parts.machine.hop(...args),
      nextAt: (...args) => parts.machine.nextAt(...args),
      align: (...args) => parts.machine.align(...args),
    },
  })
  const { url: apiBase } = await simulator.listen(0)
  parts = await open()

  async function open() {
    const { databaseUrl, dataDir = null } = options
    const store = inMemory ?? (await openStore({ databaseUrl, dataDir }))
    if (!databaseUrl && !dataDir) inMemory = store
    const address = options.throughAddress ?? options.engineAddress
    const target = { namespace, connection: { address } }
    const link = linkEngine(target, 'test', dataConverter)
    const config = {
      wechatApiBase: options.platform ? apiBase : 'http://127.0.0.1:9',
      callbackMaxAgeMs: 600_000,
      retentionDays: 30,
      previousKeys: [...previousKeys],
      payloadEncryption,
      platform: options.platform ? { ...TEST_PLATFORM, publicUrl: `http://127.0.0.1:${port}` } : null,
    }
    const product = createProduct({
      config,
      db: store.db,
      link,
      encryptionKey,
      log,
      now,
    })
    await product.changed()
    const links = { simulatorUrl: null, temporalUiUrl: null, namespace }
    const web = createWeb(product, {
      adminToken: options.adminToken ?? 'test-admin-token',
      links: () => links,
    })
    const server = await listen(web, port, '127.0.0.1')
    const serveQueues = async (queues: readonly ('nurture' | 'send')[]) => {
      const { activities } = product
      const workers = runWorkers({
        target,
        activities,
        identity: 'test',
        graceMs: 1_000,
        log,
        bundle,
        queues,
        dataConverter,
        mayPoll: product.home.mayPoll,
      })
      // They never poll an engine that is not ours.
      if (await product.home.mayPoll()) await workers.polling
      return workers
    }
    const workers = [await serveQueues(options.sendsLater ? ['nurture'] : ['nurture', 'send'])]
    product.dispatcher.start()
    return {
      product,
      web,
      server,
      machine: createTimeMachine(link.client, store.db),
      async startSends() {
        workers.push(await serveQueues(['send']))
      },
      async stop() {
        await product.dispatcher.stop()
        await Promise.all(workers.map((w) => w.stop()))
        await server.close()
        await link.close()
        if (store !== inMemory) await store.close()
      },
    }
  }

  return {
    get product() {
      return parts.product
    },
    get web() {
      return parts.web
    },
    get namespace() {
      return namespace
    },
    setClock(other) {
      now = other
    },
    pointAt(other) {
      namespace = other
    },
    simulator,
    callbackUrl: parts.server.url,
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
      await parts.product.accounts.add(full)
      await parts.product.changed()
      const { appId, appSecret, token, encodingAesKey, mode, name, rules: profile } = full
      const callbackUrl = `${parts.server.url}/wechat/${appId}`
      simulator.addAccount({ appId, appSecret, token, encodingAesKey, mode, name, profile, callbackUrl })
    },
    async publish(yaml) {
      const { campaign, issues } = checkCampaign(yaml)
      if (!campaign) throw new Error(JSON.stringify(issues))
      await parts.product.campaigns.publish(yaml, campaign, [])
      await parts.product.changed()
    },
    startSends: () => parts.startSends(),
    async runWhen(appId, openId, ready) {
      const end = Date.now() + PATIENCE_MS
      for (;;) {
        const [run] = await runsOf(parts.product.db, { appId, openId }, 1)
        if (run && ready(run)) return run
        if (Date.now() > end) throw new Error(`never came to be: ${JSON.stringify(run?.state ?? null)}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    async restart(meanwhile = () => {}) {
      await parts.stop()
      await meanwhile()
      parts = await open()
    },
    async close() {
      await parts.stop()
      await inMemory?.close()
      await simulator.close()
    },
  }
}
