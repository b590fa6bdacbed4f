import { Client, Connection } from '@temporalio/client'
import type { Payload } from '@temporalio/common'
import { Worker } from '@temporalio/worker'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import type { PresentedRun } from '../../src/run/present.ts'
import { workflowIdOf } from '../../src/shared/ids.ts'
import { checkKeys } from '../../src/store/encryption/key-registry.ts'
import { createSealer } from '../../src/store/encryption/sealer.ts'
import { openStore } from '../../src/store/open-store.ts'
import { createPayloadCodec, createReplayDataConverter } from '../../src/temporal/codec.ts'
import { bundleWorkflows } from '../../src/temporal/workflow-bundle/workflow-bundle.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { freshNamespace } from '../harness/fresh-namespace.ts'
import { spawnProgram } from '../harness/process/program.ts'
import { freshDatabase } from '../harness/stores.ts'

const APP = 'wxencrypted000001'
const SECRET = '我叫王小明'
const CAMPAIGN = `
id: series
name: series
entry: { event: subscribe }
steps:
  - { id: gift, after: 0s, since: reply, send: { text: "{{ reply.text }}" } }
  - { id: later, after: 10h, since: reply, send: { text: later } }
`
const temporalAddress = inject('temporalAddress')
const postgres = inject('postgresUrl')

async function startApp(options: Partial<Parameters<typeof startAppHarness>[0]>): Promise<AppHarness> {
  return startAppHarness({ temporalAddress, ...options })
}

/** A client without the key, such as the `temporal` command line. */
async function keylessClient(namespace: string): Promise<Client> {
  const connection = await Connection.connect({ address: temporalAddress })
  onTestFinished(() => connection.close())
  return new Client({ connection, namespace })
}

/** Everything that Temporal stores of a run, with payloads that are not encrypted as text. */
async function historyOf(client: Client, openId: string): Promise<string> {
  const handle = client.workflow.getHandle(workflowIdOf(APP, openId))
  const text = JSON.stringify(await handle.fetchHistory())
  const payloads = [...text.matchAll(/"data":"([^"]+)"/g)].map(([, data]) =>
    Buffer.from(data ?? '', 'base64').toString(),
  )
  return [text, ...payloads].join('\n')
}

/** Every encrypted payload in a history, at any depth. */
function encryptedIn(value: unknown): Payload[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return []
  const found =
    'metadata' in value && 'data' in value
      ? // Every object with both fields is a payload.
        (value as Payload)
      : null
  if (Buffer.from(found?.metadata?.encoding ?? []).toString() === 'binary/encrypted')
    return found ? [found] : []
  return Object.values(value).flatMap(encryptedIn)
}

async function replies(app: AppHarness, openId: string): Promise<void> {
  await app.simulator.account(APP).type(openId, SECRET)
  await app.waitForRun(APP, openId, (r) => r.state.steps[0]?.state === 'sent')
}

/** A new simulated WeChat knows no follower and refuses the send. The test needs only that the run applied the reply. */
async function receivesReply(app: AppHarness, openId: string): Promise<void> {
  await app.services.accounts.patch(APP, { apiBase: app.simulatorUrl })
  await app.simulator.account(APP).type(openId, SECRET)
  await app.waitForRun(APP, openId, (r) => r.state.reply?.text === SECRET)
}

async function follows(app: AppHarness, openId: string): Promise<void> {
  await app.simulator.account(APP).follow(openId)
  await app.waitForRun(APP, openId, (r) => r.runId !== null)
}

describe.skipIf(!temporalAddress)('histories', () => {
  it('are encrypted: a follower’s text is in a message and in no history', async () => {
    const namespace = await freshNamespace(temporalAddress)
    const app = await startApp({ namespace })
    onTestFinished(() => app.close())
    await app.addAccount({ appId: APP })
    await app.publish(CAMPAIGN)
    await follows(app, 'oHidden')
    await replies(app, 'oHidden')
    const client = await keylessClient(namespace)
    const history = await historyOf(client, 'oHidden')
    expect(history).not.toContain(SECRET)
    expect(history).not.toContain('json/plain","data":"eyJ')

    // The answer of the query is readable without the key (docs/contract.md#7-temporal), and contains no text of the follower.
    const state = await client.workflow.getHandle(workflowIdOf(APP, 'oHidden')).query<PresentedRun>('state')
    expect(state).toMatchObject({ appId: APP, openId: 'oHidden', steps: [{ id: 'gift', state: 'sent' }, {}] })
    expect(JSON.stringify(state)).not.toContain(SECRET)

    // The history replays with the key.
    const dataConverter = createReplayDataConverter({ current: 'test-encryption-key' })
    const handle = client.workflow.getHandle(workflowIdOf(APP, 'oHidden'))
    await Worker.runReplayHistory(
      { workflowBundle: await bundleWorkflows(), dataConverter },
      await handle.fetchHistory(),
      handle.workflowId,
    )

    // A payload that is copied into another run is refused, since each payload names its workflow.
    const codec = createPayloadCodec({ current: 'test-encryption-key' })
    const run = { type: 'workflow', namespace, workflowId: handle.workflowId } as const
    const sealed = encryptedIn(await handle.fetchHistory())
    expect(sealed.length).toBeGreaterThan(5)
    for (const payload of sealed) {
      await codec.decode([payload], run)
      const other = { ...run, workflowId: workflowIdOf(APP, 'oOther') }
      await expect(codec.decode([payload], other)).rejects.toThrow('written for another workflow')
    }

    // A signal of the command line is not encrypted.
    await handle.signal('cancel', 'by hand')
    const ended = await app.waitForRun(APP, 'oHidden', (r) => r.status === 'ended')
    expect(ended).toMatchObject({ outcome: 'cancelled', state: { reason: 'by hand' } })
  })

  it('a run continues when encryption is switched on, and when it is switched off again', async () => {
    const namespace = await freshNamespace(temporalAddress)
    const store = await openStore({ dataDir: null })
    const readable = await startApp({
      namespace,
      store: { ...store, close: async () => {} },
      encryption: 'off',
    })
    await readable.addAccount({ appId: APP })
    await readable.publish(CAMPAIGN)
    await follows(readable, 'oOlder')
    await readable.close()
    expect(await historyOf(await keylessClient(namespace), 'oOlder')).toContain('"campaign":"series"')

    const encrypted = await startApp({ namespace, store: { ...store, close: async () => {} } })
    await encrypted.addAccount({ appId: APP })
    await receivesReply(encrypted, 'oOlder')
    await encrypted.close()
    expect(await historyOf(await keylessClient(namespace), 'oOlder')).not.toContain(SECRET)

    const restarted = await startApp({ namespace, store, encryption: 'off' })
    onTestFinished(() => restarted.close())
    await restarted.services.runs.signal({ appId: APP, openId: 'oOlder' }, 'cancel', 'the end')
    const run = await restarted.waitForRun(APP, 'oOlder', (r) => r.status === 'ended')
    expect(run).toMatchObject({ outcome: 'cancelled', state: { reason: 'the end' } })
  })

  it('a run continues with a new key while the old one is the previous key', async () => {
    const namespace = await freshNamespace(temporalAddress)
    const store = await openStore({ dataDir: null })
    const before = await startApp({
      namespace,
      store: { ...store, close: async () => {} },
      encryptionKey: 'old-test-key',
    })
    await before.addAccount({ appId: APP })
    await before.publish(CAMPAIGN)
    await follows(before, 'oRotated')
    await before.close()
    const after = await startApp({
      ...{ namespace, store, encryptionKey: 'new-test-key', previousKeys: ['old-test-key'] },
    })
    onTestFinished(() => after.close())
    await after.addAccount({ appId: APP })
    await receivesReply(after, 'oRotated')
    const rotation = await after.services.rotateKeys()
    expect(rotation).toMatchObject({ unreadable: 0, reencrypted: { 'accounts.encoding_aes_key_sealed': 1 } })
  })
})

describe.skipIf(!postgres)('a process with a wrong key', () => {
  it.each(['serve', 'worker'])('%s prints the remedy and exits before it changes anything', async (role) => {
    const databaseUrl = await freshDatabase(postgres)
    const env = {
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: '127.0.0.1:9',
      ADMIN_TOKEN: 'test-admin-token',
      LOG_LEVEL: 'warn',
      PORT: '0',
      WORKER_PORT: '0',
    }
    const store = await openStore({ databaseUrl, dataDir: null })
    onTestFinished(() => store.close())
    await checkKeys(store.db, createSealer('right-test-key'), Date.now())
    const program = spawnProgram(`src/${role}.ts`, {
      ...env,
      ENCRYPTION_KEY: 'wrong-test-key-of-thirty-two-characters',
    })
    expect(await program.exited).toBe(2)
    expect(program.stderr()).toContain('Nothing was changed')
    expect(program.stderr()).toContain('ENCRYPTION_KEY_PREVIOUS')
    expect(program.stderr()).not.toContain('wrong-test-key-of-thirty-two-characters')
  })
})
