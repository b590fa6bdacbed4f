import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { runCli } from '../../src/cli/run-cli.ts'
import type { PresentedRun } from '../../src/run/present.ts'
import { workflowIdOf } from '../../src/shared/ids.ts'
import { createSimulator, type Simulator } from '../../src/simulator/index.ts'
import type { DeploymentView } from '../../src/temporal/deployment.ts'
import { freePort } from '../../src/temporal/local-server/ports.ts'
import { freshNamespace } from '../harness/fresh-namespace.ts'
import { callApi, type Program, spawnProgram } from '../harness/process/program.ts'
import { freshDatabase } from '../harness/stores.ts'
import { waitFor } from '../harness/wait-for.ts'

const temporalAddress = inject('temporalAddress')
const postgresUrl = inject('postgresUrl')
const APP = 'wxversion00000001'
const KEY = 'testtesttesttesttesttesttesttesttesttesttes'
const CAMPAIGN = `id: hello
name: H
entry: {event: subscribe}
reply: {text: hi}
steps:
  - {id: now, after: 0s, send: {text: hello}}
  - {id: answer, after: 0s, since: reply, send: {text: thanks}}
`
const DEPLOYMENT = 'nurture'

describe.skipIf(!temporalAddress || !postgresUrl)('an upgrade with runs in flight', () => {
  let simulator: Simulator
  let serve: string
  let namespace: string
  let connection: Connection
  let client: Client
  let env: Record<string, string>
  const programs: Program[] = []
  const dataDir = mkdtempSync(join(tmpdir(), 'follower-nurture-versions-'))

  const start = async (role: 'serve' | 'worker', more: Record<string, string> = {}) => {
    const port = String(await freePort())
    const variable = role === 'serve' ? 'PORT' : 'WORKER_PORT'
    const program = spawnProgram(`src/${role}.ts`, { ...env, ...more, [variable]: port })
    programs.push(program)
    const base = `http://127.0.0.1:${port}`
    const output = () => `${program.stderr()}${program.stdout()}`
    await waitFor(
      () =>
        fetch(`${base}/healthz`).then(
          () => true,
          () => false,
        ),
      { message: output },
    )
    return { base, program }
  }
  const builds = new Map<string, Program>()
  const startBuild = async (buildId: string) => {
    const started = await start('worker', { DEPLOYMENT_NAME: DEPLOYMENT, BUILD_ID: buildId })
    builds.set(buildId, started.program)
    return started
  }
  /** The worker program of a build. */
  const workerOf = (buildId: string) => {
    const found = builds.get(buildId)
    if (!found) throw new Error(`no worker of build ${buildId} was started`)
    return found
  }
  const readiness = async (base: string) => {
    const response = await fetch(`${base}/readyz`)
    return {
      status: response.status,
      body: (await response.json()) as { engine: string; version?: string },
    }
  }
  const isReady = async (base: string) => (await readiness(base)).status === 200
  const stop = async (program: Program) => {
    program.process.kill('SIGTERM')
    await program.exited
  }
  const nurture = async (...args: string[]) => {
    const out: string[] = []
    const err: string[] = []
    const code = await runCli(args, {
      out: (t) => out.push(t),
      err: (t) => err.push(t),
      write: async (t) => void out.push(t),
    })
    return { code, out: out.join('\n'), err: err.join('\n') }
  }
  const view = async () => {
    const { out, err } = await nurture('deploy', '--status', '--json')
    if (!out) throw new Error(err)
    return JSON.parse(out) as DeploymentView & { moves: { buildId: string; command: string }[] }
  }
  /** Undefined also when Temporal does not answer in time. */
  const versionOf = async (buildId: string) => {
    const status = await view().catch((err) => {
      process.stderr.write(`${err}\n`)
      return null
    })
    return status?.versions.find((v) => v.buildId === buildId)
  }
  const run = (openId: string) =>
    callApi<PresentedRun>(serve, `/api/followers/${APP}/${openId}`).catch(() => null)
  const received = (openId: string) =>
    simulator.account(APP).sends.filter((s) => s.openId === openId && s.errcode === 0).length
  /** The build of the follower's newest execution, known once its first workflow task has ended: after its local sends. */
  const buildOf = async (openId: string) => {
    // Without a handle, which would decode the memo.
    const execution = { workflowId: workflowIdOf(APP, openId) }
    const raw = await client.workflowService.describeWorkflowExecution({ namespace, execution })
    return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId
  }
  const eventsOf = async (openId: string) =>
    (await client.workflow.getHandle(workflowIdOf(APP, openId)).fetchHistory()).events ?? []
  const signalsOf = async (openId: string) =>
    (await eventsOf(openId)).filter((e) => e.workflowExecutionSignaledEventAttributes).length
  const continuesAnother = async (openId: string) =>
    Boolean((await eventsOf(openId))[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId)
  const follow = async (openId: string) => {
    expect(await simulator.account(APP).follow(openId)).toMatchObject({ ok: true })
    await waitFor(() => received(openId) === 1, { message: () => `${openId} got no message` })
  }

  beforeAll(async () => {
    namespace = await freshNamespace(temporalAddress)
    connection = await Connection.connect({ address: temporalAddress })
    client = new Client({ connection, namespace })
    env = {
      DATABASE_URL: await freshDatabase(postgresUrl),
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_NAMESPACE: namespace,
      ADMIN_TOKEN: 'test-admin-token',
      ENCRYPTION_KEY: 'test-encryption-key-of-the-tests',
      LOG_LEVEL: 'warn',
      DATA_DIR: dataDir,
    }
    vi.stubEnv('TEMPORAL_ADDRESS', temporalAddress)
    vi.stubEnv('TEMPORAL_NAMESPACE', namespace)
    vi.stubEnv('DEPLOYMENT_NAME', DEPLOYMENT)
    serve = (await start('serve')).base
    simulator = createSimulator()
    const { url: apiBase } = await simulator.listen(0)
    const account = { appId: APP, appSecret: 'test-secret', token: 'test-token', encodingAesKey: KEY }
    await callApi(serve, '/api/accounts', { ...account, mode: 'security', apiBase })
    const callbackUrl = `${serve}/wechat/${APP}`
    simulator.addAccount({ ...account, mode: 'security', name: APP, profile: 'wechat-2023', callbackUrl })
    await fetch(`${serve}/api/campaigns/hello`, {
      method: 'PUT',
      headers: { authorization: 'Bearer test-admin-token', 'content-type': 'application/yaml' },
      body: CAMPAIGN,
    })
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await Promise.all(programs.map(stop))
    await simulator?.close()
    await connection?.close()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('keeps old runs on their build until they end, begins new runs on the new build, and loses nothing', async () => {
    expect((await nurture('deploy', '--build-id', 'a')).err).toContain('No worker of build a polls')
    const a = await startBuild('a')
    await waitFor(async () => (await readiness(a.base)).body.version !== undefined)
    expect(await readiness(a.base)).toMatchObject({
      status: 503,
      body: { engine: 'up', version: expect.stringContaining('no current version') },
    })
    expect(await nurture('deploy', '--build-id', 'a', '--wait')).toMatchObject({ code: 0, err: '' })
    await waitFor(() => isReady(a.base))
    await follow('oStays')
    await follow('oReturns')
    await waitFor(() => buildOf('oStays'), { until: (build) => build === 'a' })

    const b = await startBuild('b')
    await waitFor(async () => (await versionOf('b'))?.status === 'inactive')
    expect((await readiness(b.base)).status).toBe(503)
    await follow('oBefore')
    await waitFor(() => buildOf('oBefore'), { until: (build) => build === 'a' })

    const deployed = await nurture('deploy', '--build-id', 'b', '--wait')
    expect(deployed).toMatchObject({ code: 0, err: '' })
    expect(deployed.out).toMatch(/^a +draining +3 +polls +keep its workers$/m)
    await waitFor(() => isReady(b.base))
    expect(await isReady(a.base)).toBe(true)
    await follow('oNew')
    await waitFor(() => buildOf('oNew'), { until: (build) => build === 'b' })

    // A re-follow while the run is open begins a successor on the current build.
    const wechat = simulator.account(APP)
    const signalsBefore = await signalsOf('oReturns')
    a.program.process.kill('SIGSTOP')
    await wechat.unfollow('oReturns')
    await wechat.follow('oReturns')
    await waitFor(async () => (await signalsOf('oReturns')) === signalsBefore + 2)
    a.program.process.kill('SIGCONT')
    await waitFor(() => received('oReturns') === 2)
    await waitFor(() => buildOf('oReturns'), { until: (build) => build === 'b' })
    expect(await continuesAnother('oReturns')).toBe(true)

    // The old run receives events, sends and ends on its own build.
    await wechat.type('oStays', 'hi')
    await wechat.type('oBefore', 'hi')
    await waitFor(async () => (await run('oStays'))?.status === 'ended')
    await waitFor(async () => (await run('oBefore'))?.status === 'ended')
    await waitFor(() => buildOf('oStays'), { until: (build) => build === 'a' })
    expect(received('oStays')).toBe(2)
    await waitFor(async () => (await versionOf('a'))?.openRuns === 0)
    await waitFor(async () => (await versionOf('a'))?.status === 'drained')
    expect((await nurture('deploy', '--status')).out).toMatch(
      /^a +drained +0 +polls +its workers may be stopped$/m,
    )
    await stop(a.program)
    await wechat.type('oNew', 'hi')
    await waitFor(() => received('oNew') === 2)
    await waitFor(async () => (await run('oNew'))?.outcome === 'completed')
  })

  it('reports a run whose build has no worker with the command that moves it, after which the run continues', async () => {
    const wechat = simulator.account(APP)
    await follow('oStuck')
    await follow('oSleeps')
    await waitFor(() => buildOf('oStuck'), { until: (build) => build === 'b' })
    const c = await startBuild('c')
    expect(await nurture('deploy', '--build-id', 'c', '--wait')).toMatchObject({ code: 0 })
    await stop(workerOf('b'))
    // Temporal lists a poller for a minute after its last poll.
    await waitFor(async () => (await versionOf('b'))?.worker === false)
    const status = await nurture('deploy', '--status')
    expect(status.code).toBe(1)
    expect(status.out).toContain('pinned to build b, which has no worker')
    const [move] = (await view()).moves
    expect(move?.command).toContain('--versioning-override-behavior auto_upgrade')
    expect(status.out).toContain(move?.command)
    await wechat.type('oStuck', 'hi')
    await waitFor(async () => (await signalsOf('oStuck')) > 1)
    expect(received('oStuck')).toBe(1)

    // Does what the command does, for the runs that its query finds.
    const query = /--query "([^"]+)"/.exec(move?.command ?? '')?.[1] ?? ''
    const { executions } = await client.workflowService.listWorkflowExecutions({ namespace, query })
    expect(executions?.map((e) => e.execution?.workflowId)).toContain(workflowIdOf(APP, 'oStuck'))
    for (const { execution } of executions ?? []) {
      await client.workflowService.updateWorkflowExecutionOptions({
        namespace,
        workflowExecution: execution ?? null,
        workflowExecutionOptions: { versioningOverride: { autoUpgrade: true } },
        updateMask: { paths: ['versioning_override'] },
      })
    }
    // An idle run is moved too.
    await waitFor(async () => (await nurture('deploy', '--status')).code === 0)
    await wechat.type('oSleeps', 'hi')
    for (const openId of ['oStuck', 'oSleeps']) {
      await waitFor(async () => (await run(openId))?.outcome === 'completed')
      expect(received(openId)).toBe(2)
      await waitFor(() => buildOf(openId), { until: (build) => build === 'c' })
    }
    expect(await isReady(c.base)).toBe(true)
  })
})
