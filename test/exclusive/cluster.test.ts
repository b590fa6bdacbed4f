import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Cluster } from '../../scripts/cluster/cluster.ts'
import { listenForCommands } from '../../scripts/cluster/control-socket.ts'
import { findPrograms, MissingProgramsError } from '../../scripts/cluster/find-programs.ts'
import { DEPLOY_FOLDER } from '../../scripts/cluster/load-compose.ts'
import { temporaryFolder } from '../../scripts/cluster/unix-user.ts'
import type { PresentedRun } from '../../src/run/present.ts'
import { createSimulator, type SimAccount, type Simulator } from '../../src/simulator/index.ts'
import { VisibilityIndexes } from '../../src/temporal/visibility-indexes.ts'
import type { ChaosAccount } from '../chaos/campaigns.ts'
import { startCluster } from '../chaos/environments/cluster-environment.ts'
import type { Environment } from '../chaos/environments/environment.ts'
import { registerAccounts } from '../chaos/wechat-side.ts'
import { callApi } from '../harness/process/program.ts'
import { waitFor } from '../harness/wait-for.ts'

const run = promisify(execFile)
const print = (line: string) => process.stderr.write(`${line}\n`)
const programs = await findPrograms(print).catch((err: unknown) => {
  if (!(err instanceof MissingProgramsError)) throw err
  print(`the tests of the production stack are skipped. ${err.message}`)
  return null
})

const ACCOUNT: ChaosAccount = {
  appId: 'wxclusterclassic1',
  mode: 'security',
  rules: {
    profile: 'classic-48h',
    onUnknown: 'assume-sent',
    windowMs: 3_600_000,
    steps: [
      { id: 'first', afterMs: 0, since: 'entry', ifLate: 'hold', when: null },
      { id: 'second', afterMs: 20_000, since: 'entry', ifLate: 'hold', when: null },
    ],
  },
}

describe.runIf(programs)('the production stack, without containers', () => {
  const folder = temporaryFolder('nurture-cluster-')
  let cluster: Cluster
  let environment: Environment
  let simulator: Simulator
  let wechat: SimAccount
  let control: { close(): void }
  const sent = (openId: string) =>
    wechat.sends.filter((s) => s.openId === openId && s.delivered).map((s) => s.body.text)

  beforeAll(async () => {
    const started = await startCluster({
      root: fileURLToPath(new URL('../..', import.meta.url)),
      folder,
      print,
    })
    if (!started) throw new Error('the programs were found, but the production stack was not started')
    cluster = started.cluster
    environment = started.environment
    control = await listenForCommands(cluster, join(folder, 'cluster'))
    simulator = createSimulator()
    const { url } = await simulator.listen(0)
    await environment.startAll()
    await registerAccounts(environment, simulator, url, [ACCOUNT])
    wechat = simulator.account(ACCOUNT.appId)
  })
  afterAll(async () => {
    control?.close()
    await environment?.end()
    await simulator?.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  const script = (name: string, ...args: string[]) => {
    const PATH = [join(folder, 'cluster/bin'), process.env.PATH].join(delimiter)
    return run(join(DEPLOY_FOLDER, name), args, { env: { ...process.env, PATH } })
  }
  const inside = (service: string, ...args: string[]) => {
    const cli = ['node', 'scripts/run.mjs', 'src/cli/main.ts', ...args]
    return run(join(folder, 'cluster/bin/docker'), ['compose', 'exec', '-T', service, ...cli])
  }
  const follower = (openId: string) =>
    callApi<PresentedRun>(environment.apiBase, `/api/followers/${ACCOUNT.appId}/${openId}`)

  it('exposes callbacks to WeChat and the console to users, but no metrics', async () => {
    const status = async (url: string) => (await fetch(url)).status
    expect(await status(`${cluster.callbackBase}/wechat/${ACCOUNT.appId}`)).toBe(401)
    expect(await status(`${cluster.callbackBase}/api/accounts`)).toBe(404)
    expect(await status(`${cluster.callbackBase}/`)).toBe(404)
    expect(await status(`${cluster.consoleBase}/healthz`)).toBe(200)
    expect(await status(`${cluster.consoleBase}/metrics`)).toBe(404)
  })

  it('passes the check of its own set-up job, and new runs begin on its build', async () => {
    expect((await inside('worker-1', 'setup', '--check')).stdout).toContain('set up for FollowerNurture')
    expect((await inside('worker-1', 'deploy', '--status')).stdout).toMatch(/new runs begin on \d+\.\d+\.\d+/)
  })

  it('serves a follower through a kill of every process', async () => {
    await wechat.follow('oKills')
    for (const managed of environment.processes) {
      await managed.kill()
      await managed.start()
    }
    await waitFor(async () => (await follower('oKills').catch(() => null))?.status === 'ended')
    expect(sent('oKills')).toHaveLength(2)
  })

  it('is restored from a backup, and the runs of that time continue', async () => {
    await wechat.follow('oBackup')
    await waitFor(() => sent('oBackup').length === 1)
    const recorded = async () => (await follower('oBackup')).steps[0]?.sentAt
    await waitFor(async () => Boolean(await recorded()))
    await script('backup.sh', '--stay-stopped', join(folder, 'backup'))
    await script('restore.sh', join(folder, 'backup'), '--yes')
    await waitFor(() => sent('oBackup').length === 2)
    // A duplicate is excluded only when the run has ended.
    await waitFor(async () => (await follower('oBackup')).status === 'ended')
    expect(sent('oBackup')).toHaveLength(2)
    expect((await inside('serve-1', 'temporal', 'show')).stdout).toContain('nurture')
  })

  it("has partial indexes in Temporal's visibility database, and Temporal finds runs by their attributes", async () => {
    const url = new URL(cluster.databaseUrl)
    url.username = 'temporal'
    url.password = readFileSync(join(folder, 'cluster/secrets/temporal_db_password'), 'utf8').trim()
    url.pathname = '/temporal_visibility'
    // The job repeats its work at every start.
    await cluster.run('temporal-visibility-indexes')
    const indexes = await VisibilityIndexes.use(url.href, (all) => all.list())
    expect(indexes.length).toBeGreaterThan(40)
    expect(indexes.filter((i) => !i.partial)).toEqual([])
    const connection = await Connection.connect({ address: cluster.temporalAddress })
    try {
      const { workflow } = new Client({ connection, namespace: 'nurture' })
      const count = async (query: string) => (await workflow.count(query)).count
      const ofAccount = `WechatAppId = '${ACCOUNT.appId}'`
      await expect.poll(() => count(`${ofAccount} AND NurtureState = 'ended'`)).toBeGreaterThanOrEqual(2)
      expect(await count("WechatAppId = 'wxnobody'")).toBe(0)
      expect(await count("WorkflowType = 'FollowerNurture' AND WechatAppId IS NULL")).toBe(0)
      const query = `${ofAccount} AND NurtureCampaign IS NOT NULL`
      const listed = await connection.workflowService.listWorkflowExecutions({ namespace: 'nurture', query })
      expect(listed.executions?.[0]?.execution?.workflowId).toContain(ACCOUNT.appId)
    } finally {
      await connection.close()
    }
  })

  it('has a proxy configuration and dynamic settings that their own programs accept', () => {
    const caddy = join(folder, 'cluster/bin/caddy')
    const names = ['ACME_EMAIL', 'CALLBACK_HOST', 'CONSOLE_HOST', 'TEMPORAL_UI_HOST', 'GRAFANA_HOST']
    const hosts = Object.fromEntries(names.map((name, i) => [name, `host${i}.example.com`]))
    const hash = '$2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG'
    const env = { ...process.env, ...hosts, TOOLS_USER: 'test', TOOLS_PASSWORD_HASH: hash }
    for (const file of ['proxy/Caddyfile', 'proxy-tools/tools.caddy']) {
      const args = ['adapt', '--adapter', 'caddyfile', '--validate', '--config', join(DEPLOY_FOLDER, file)]
      execFileSync(caddy, args, { env, stdio: 'pipe' })
    }
    const server = join(folder, 'cluster/bin/temporal-server')
    const dynamic = join(DEPLOY_FOLDER, 'temporal/dynamic-config.yaml')
    const report = execFileSync(server, ['validate-dynamic-config', dynamic], { encoding: 'utf8' })
    expect(report).not.toMatch(/error|warning/)
  })
})
