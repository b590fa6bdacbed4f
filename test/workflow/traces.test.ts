import { Worker } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createReplayDataConverter } from '../../src/engine/codec.ts'
import { runLogSinks } from '../../src/engine/run-log.ts'
import { bundleWorkflows } from '../../src/engine/workflow-bundle.ts'
import { createLog } from '../../src/log.ts'
import type { Span, SpanStart, Tracing } from '../../src/tracing/tracing.ts'
import { createNurtureEnv, makeStart, type NurtureEnv, planOf } from '../support/nurture-env.ts'

const plan = planOf([{ id: 'now', afterMs: 0 }])

/** Writes down the spans that are begun; every call of the client is in the trace that the test says. */
function recorder(): { tracing: Tracing; trace: string | null; begun: SpanStart[] } {
  const begun: SpanStart[] = []
  const handle = (): Span => ({ traceparent: own.trace, set() {}, fail() {}, fine() {}, unremarkable() {} })
  const run: Tracing['span'] = (start, work) => {
    begun.push(start)
    return work(handle())
  }
  const own = { trace: null as string | null, begun, tracing: { span: run, step: run, stop: async () => {} } }
  return own
}

describe('a run whose entry was traced', () => {
  const seen = recorder()
  let env: NurtureEnv
  beforeAll(async () => {
    env = await createNurtureEnv(inject('engineAddress'), { tracing: seen.tracing })
  })
  afterAll(() => env?.close())
  const sends = () =>
    seen.begun.filter((s) => s.name === 'send').map(({ parent, links }) => ({ parent, links }))

  it("hands each run that follows on its own entry's trace, and its histories replay", async () => {
    const f = env.follower()
    let end = () => {}
    const held = new Promise<void>((resolve) => {
      end = resolve
    })
    const begun = new Promise<void>((resolve) => {
      f.answer(async (input) => {
        resolve()
        await held
        return { result: 'sent', at: input.now, unclear: 0 }
      })
    })
    seen.trace = 'first entry'
    await f.start(plan)
    await begun
    const first = (await f.handle().describe()).runId
    seen.trace = 'unfollow'
    const { signal } = env.runs
    await signal({ appId: 'wxtest', openId: f.openId }, 'unsubscribed', { key: 'u', at: f.entryAt, seq: 9e9 })
    seen.trace = 'second entry'
    const start = makeStart(plan, f.entryAt + 1_000)
    await f.interact('subscribe', { start, at: start.entry.at, key: start.entry.key })
    f.answer((input) => ({ result: 'sent', at: input.now, unclear: 0 }))
    end()
    await f.outcome()
    expect((await f.handle().describe()).runId).not.toBe(first)
    expect(sends()).toEqual([
      { parent: 'first entry', links: [] },
      { parent: 'second entry', links: [] },
    ])

    const histories = await Promise.all(
      [first, undefined].map(async (runId) => ({
        workflowId: f.workflowId,
        history: await env.client.workflow.getHandle(f.workflowId, runId).fetchHistory(),
      })),
    )
    for (const { history } of histories) expect(JSON.stringify(history)).toContain('_tracer-data')
    const replayed = Worker.runReplayHistories(
      {
        workflowBundle: await bundleWorkflows(),
        dataConverter: createReplayDataConverter({ current: 'test-encryption-key' }),
        sinks: runLogSinks(createLog('silent')),
      },
      histories,
    )
    for await (const { error } of replayed) expect(error).toBeUndefined()
  })

  it('while there are no traces, its headers are empty', async () => {
    seen.trace = null
    const f = env.follower()
    await f.start(plan)
    await f.outcome()
    expect(sends().at(-1)).toEqual({ parent: null, links: [] })
    const history = await f.handle().fetchHistory()
    expect(JSON.stringify(history)).not.toContain('_tracer-data')
  })
})
