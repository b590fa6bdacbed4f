import { randomUUID } from 'node:crypto'
import { Connection } from '@temporalio/client'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { runCli } from '../../src/cli/run-cli.ts'
import { WAIT_TIMEOUT_MS } from '../harness/timeouts.ts'

const address = inject('temporalAddress')

async function nurture(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli(args, {
    out: (t) => out.push(t),
    err: (t) => err.push(t),
    write: async (t) => void out.push(t),
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

describe.skipIf(!address)('nurture setup', () => {
  let namespace: string
  beforeEach(() => {
    namespace = `test-${randomUUID().slice(0, 8)}`
    vi.stubEnv('TEMPORAL_ADDRESS', address)
    vi.stubEnv('TEMPORAL_NAMESPACE', namespace)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it('reports what is missing without a change, creates it, and then reports no difference', async () => {
    const missing = await nurture('setup', '--check')
    expect(missing.code).toBe(1)
    expect(missing.out).toContain(`differs: namespace ${namespace}: missing, should be retention 3d`)
    expect(missing.out).toContain('differs: search-attribute NurtureState: missing, should be Keyword')
    expect((await nurture('setup', '--check')).code).toBe(1)

    const made = await nurture('setup')
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(made.out).toContain(`made: namespace ${namespace}`)
    expect(made.out).toContain('made: search-attribute WechatAppId')
    expect(made.out).toContain('cannot be checked from here: matching.enableFairness should be true')

    const second = await nurture('setup', '--json')
    expect(second.code).toBe(0)
    expect(JSON.parse(second.out)).toMatchObject({
      namespace,
      retentionMs: 3 * 86_400_000,
      differences: [],
      made: [],
    })
    expect((await nurture('setup', '--check')).code).toBe(0)
  })

  it('keeps the retention of an existing namespace unless another one is given', async () => {
    await nurture('setup', '--retention', '2d')
    expect(JSON.parse((await nurture('setup', '--json')).out)).toMatchObject({ retentionMs: 2 * 86_400_000 })
    const other = await nurture('setup', '--check', '--retention', '5d')
    expect(other.code).toBe(1)
    expect(other.out).toContain(`differs: retention ${namespace}: is 2d, should be 5d`)
    expect((await nurture('setup', '--retention', '5d')).out).toContain(`made: retention ${namespace}`)
    expect((await nurture('setup', '--check', '--retention', '5d')).code).toBe(0)
  })

  it('reports an attribute of another type, and does not change it', async () => {
    const connection = await Connection.connect({ address })
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    })
    await vi.waitFor(
      () =>
        connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { NurtureState: 3 } }),
      WAIT_TIMEOUT_MS,
    )
    await connection.close()
    const result = await nurture('setup')
    expect(result.code).toBe(1)
    expect(result.out).toContain('made: search-attribute WechatAppId')
    expect(result.out).toContain(
      'differs: search-attribute NurtureState: is Int, should be Keyword (cannot be changed from here)',
    )
  })

  it('refuses a retention that Temporal does not accept, and reports an unreachable Temporal', async () => {
    expect((await nurture('setup', '--retention', '3h')).code).toBe(2)
    vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:9')
    const away = await nurture('setup', '--check')
    expect(away.code).toBe(1)
    expect(away.err).toContain('The request to Temporal at 127.0.0.1:9 failed')
  })
})

describe('nurture deploy', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it('reports a missing or invalid setting', async () => {
    vi.stubEnv('DEPLOYMENT_NAME', '')
    expect(await nurture('deploy')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Set DEPLOYMENT_NAME'),
    })
    vi.stubEnv('DEPLOYMENT_NAME', 'nurture')
    vi.stubEnv('BUILD_ID', '')
    expect(await nurture('deploy')).toMatchObject({ code: 2, err: expect.stringContaining('--build-id') })
    expect(await nurture('deploy', '--build-id', "a'b")).toMatchObject({
      code: 2,
      err: expect.stringContaining("not a'b"),
    })
  })

  it.skipIf(!address)('reports that no versioned worker has ever polled', async () => {
    vi.stubEnv('TEMPORAL_ADDRESS', address)
    vi.stubEnv('DEPLOYMENT_NAME', 'nobody')
    expect(await nurture('deploy', '--status')).toMatchObject({
      code: 1,
      err: expect.stringContaining('No versioned worker of nobody'),
    })
  })
})
