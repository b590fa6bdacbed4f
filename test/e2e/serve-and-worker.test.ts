import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { PresentedRun } from '../../src/run/present.ts'
import { createSimulator, type Simulator } from '../../src/simulator/index.ts'
import { freePort } from '../../src/temporal/local-server/ports.ts'
import { type Collector, startCollector } from '../fixtures/otlp-collector.ts'
import { freshNamespace } from '../harness/fresh-namespace.ts'
import { callApi, type Program, spawnProgram } from '../harness/process/program.ts'
import { freshDatabase } from '../harness/stores.ts'
import { waitFor } from '../harness/wait-for.ts'

const temporalAddress = inject('temporalAddress')
const postgres = inject('postgresUrl')
const APP = 'wxroles0000000001'
const KEY = 'testtesttesttesttesttesttesttesttesttesttes'
const CAMPAIGN =
  'id: hello\nname: H\nentry: {event: subscribe}\nreply: {text: hi}\nsteps: [{id: now, after: 0s, send: {text: hello}}]\n'

describe.each(['serve', 'worker'])('npm run %s', (role) => {
  it('refuses to start without a database, a token and a key, and names each', async () => {
    const program = spawnProgram(`src/${role}.ts`, { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' })
    expect(await program.exited).toBe(2)
    expect(program.stderr()).toContain('ADMIN_TOKEN, ENCRYPTION_KEY')
    expect(program.stderr()).not.toContain('DATABASE_URL')
  })

  it('refuses a weak key before it opens anything', async () => {
    const program = spawnProgram(`src/${role}.ts`, {
      DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none',
      ADMIN_TOKEN: 'test-admin-token',
      ENCRYPTION_KEY: 'a',
    })
    expect(await program.exited).toBe(2)
    expect(program.stderr()).toMatch(
      /^ENCRYPTION_KEY has 1 characters, of at least 32: .*openssl rand -base64 32/m,
    )
  })
})

describe.skipIf(!temporalAddress || !postgres)('two serve and two worker processes on PostgreSQL', () => {
  const programs: Program[] = []
  let simulator: Simulator
  let serves: string[]
  let workers: string[]
  let databaseUrl: string
  let collector: Collector
  const dataDir = mkdtempSync(join(tmpdir(), 'follower-nurture-roles-'))
  beforeAll(async () => {
    databaseUrl = await freshDatabase(postgres)
    collector = await startCollector()
    const env = {
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_NAMESPACE: await freshNamespace(temporalAddress),
      ADMIN_TOKEN: 'test-admin-token',
      ENCRYPTION_KEY: 'test-encryption-key-of-the-tests',
      LOG_LEVEL: 'warn',
      DATA_DIR: dataDir,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '200',
    }
    const at = async (role: 'serve' | 'worker') => {
      const port = String(await freePort())
      const variable = role === 'serve' ? 'PORT' : 'WORKER_PORT'
      programs.push(spawnProgram(`src/${role}.ts`, { ...env, [variable]: port }))
      return `http://127.0.0.1:${port}`
    }
    serves = [await at('serve'), await at('serve')]
    workers = [await at('worker'), await at('worker')]
    const isReady = (base: string) =>
      fetch(`${base}/readyz`).then(
        (r) => r.status === 200,
        () => false,
      )
    for (const base of [...serves, ...workers]) {
      await waitFor(() => isReady(base), {
        message: () => programs.map((p) => p.stderr() + p.stdout()).join('\n'),
      })
    }
    simulator = createSimulator()
    const { url: apiBase } = await simulator.listen(0)
    const account = { appId: APP, appSecret: 'test-secret', token: 'test-token', encodingAesKey: KEY }
    await callApi(serves[0] ?? '', '/api/accounts', { ...account, mode: 'security', apiBase })
    simulator.addAccount({
      ...account,
      mode: 'security',
      name: APP,
      profile: 'wechat-2023',
      callbackUrl: `${serves[1]}/wechat/${APP}`,
    })
  })
  afterAll(async () => {
    for (const p of programs) p.process.kill('SIGTERM')
    await Promise.all(programs.map((p) => p.exited))
    await simulator?.close()
    await collector?.close()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('a campaign published at one is live at the other within two seconds, and a follow leads to its message', async () => {
    const put = await fetch(`${serves[0]}/api/campaigns/hello`, {
      method: 'PUT',
      headers: { authorization: 'Bearer test-admin-token', 'content-type': 'application/yaml' },
      body: CAMPAIGN,
    })
    expect(put.status).toBe(201)
    const wechat = simulator.account(APP)
    const follower = (i: number) => `oRole${i}`
    let tries = 0
    // docs/contract.md#6-operator-api: live in other `serve` processes within 2 s.
    for (let waitedMs = 0; waitedMs < 2_500; ) {
      const began = performance.now()
      const { passiveReply } = await wechat.follow(follower(++tries))
      if (passiveReply !== null) break
      await pause(50)
      // Where a callback takes longer, the machine stands still, and the process cannot read either.
      waitedMs += Math.min(performance.now() - began, 200)
      expect(waitedMs, 'the other `serve` does not know the campaign within 2 s').toBeLessThan(2_500)
    }
    const openId = follower(tries)
    const run = () => callApi<PresentedRun>(serves[0] ?? '', `/api/followers/${APP}/${openId}`)
    await waitFor(async () => (await run().catch(() => null))?.status === 'ended')
    expect(await run()).toMatchObject({ outcome: 'completed', steps: [{ state: 'sent' }] })
    expect(wechat.sends.filter((s) => s.openId === openId)).toHaveLength(1)
  })

  it('a hundred follows over all processes lead to a hundred messages, one for each', async () => {
    const wechat = simulator.account(APP)
    const openIds = Array.from({ length: 100 }, (_, i) => `oMany${i}`)
    const results = await Promise.all(openIds.map((openId) => wechat.follow(openId)))
    expect(results.every((r) => r.ok)).toBe(true)
    const got = () => openIds.filter((o) => wechat.sends.some((s) => s.openId === o && s.errcode === 0))
    await waitFor(() => got().length === openIds.length)
    expect(wechat.sends.filter((s) => s.openId.startsWith('oMany'))).toHaveLength(100)
  })

  it('each follow has its own trace through all processes', async () => {
    const spanNames = [
      'callback',
      'dispatch',
      'signalWithStart FollowerNurture',
      'send',
      'POST /cgi-bin/message/custom/send',
    ]
    const complete = () => {
      const traces = new Map<string, Set<string>>()
      for (const { traceId, name } of collector.spans())
        traces.set(traceId, (traces.get(traceId) ?? new Set()).add(name))
      return [...traces.values()].filter((names) => spanNames.every((part) => names.has(part)))
    }
    // One trace is from the test before.
    await waitFor(() => complete().length === 101, {
      message: () => `${complete().length} traces are complete`,
    })
  })

  it("each serve answers with WeChat's verification file", async () => {
    mkdirSync(join(dataDir, 'verify'))
    writeFileSync(join(dataDir, 'verify', 'MP_verify_Roles1.txt'), 'Roles1')
    for (const base of serves)
      expect(await (await fetch(`${base}/MP_verify_Roles1.txt`)).text()).toBe('Roles1')
  })

  it('a worker serves its health and metrics', async () => {
    const metrics = await fetch(`${workers[0]}/metrics`, {
      headers: { authorization: 'Bearer test-admin-token' },
    })
    expect(await metrics.text()).toContain('nurture_sends_total')
    expect((await fetch(`${workers[0]}/metrics`)).status).toBe(401)
    expect((await fetch(`${workers[0]}/healthz`)).status).toBe(200)
  })

  it('when one is killed while it dispatches, the other takes its rows, and each message is sent once', async () => {
    const wechat = simulator.account(APP)
    const openIds: string[] = []
    const follows: ReturnType<typeof wechat.follow>[] = []
    const someMoreFollow = () => {
      for (let i = 0; i < 5; i++) {
        const openId = `oKilled${openIds.length}`
        openIds.push(openId)
        follows.push(wechat.follow(openId))
      }
    }
    const [killed] = programs
    if (!killed) throw new Error('no program')
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    const claims = async () => {
      const by = `${killed.process.pid}-%`
      const held = 'SELECT id FROM inbox WHERE dispatched_at IS NULL AND lease_owner_id LIKE $1'
      return (await client.query(held, [by])).rows.length
    }
    // WeChat now calls this process, so it has its own rows to dispatch.
    simulator.wechat.account(APP).callbackUrl = `${serves[0]}/wechat/${APP}`
    // Paused and resumed until it holds leased rows, and then killed.
    await waitFor(async () => {
      someMoreFollow()
      killed.process.kill('SIGSTOP')
      if ((await claims()) > 0) return true
      killed.process.kill('SIGCONT')
      return false
    })
    killed.process.kill('SIGKILL')
    await killed.exited
    expect(await claims()).toBeGreaterThan(0)
    // A lease is half a minute long. These end sooner, so that the test does.
    await client.query(
      'UPDATE inbox SET lease_expires_at = lease_expires_at - 25000 WHERE dispatched_at IS NULL AND lease_owner_id LIKE $1',
      [`${killed.process.pid}-%`],
    )
    // Unanswered callbacks were not accepted; each answered one leads to one message.
    const pushed = await Promise.all(follows)
    const accepted = openIds.filter((_, i) => pushed[i]?.ok)
    expect(accepted.length).toBeGreaterThan(0)
    const sendsTo = (openId: string) => wechat.sends.filter((s) => s.openId === openId && s.errcode === 0)
    await waitFor(() => accepted.every((openId) => sendsTo(openId).length > 0))
    expect(openIds.filter((openId) => sendsTo(openId).length > 1)).toEqual([])
    await client.end()
  })
})
