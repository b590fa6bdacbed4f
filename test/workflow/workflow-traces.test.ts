import { Worker } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createLog } from '../../src/shared/log.ts'
import { createReplayDataConverter } from '../../src/temporal/codec.ts'
import { runLogSinks } from '../../src/temporal/run-log-sinks.ts'
import { bundleWorkflows } from '../../src/temporal/workflow-bundle/workflow-bundle.ts'
import type { Span, SpanStart, Tracing } from '../../src/tracing/tracing.ts'
import { makeStart, planOf, startWorkflowHarness, type WorkflowHarness } from '../harness/workflow-harness.ts'

const plan = planOf([{ id: 'now', afterMs: 0 }])

/** Records all spans. Every call of the client belongs to the trace that the test sets. */
function recorder(): { tracing: Tracing; trace: string | null; begun: SpanStart[] } {
  const begun: SpanStart[] = []
  const handle = (start: SpanStart): Span => ({
    traceparent: own.trace,
    setAttributes() {},
    fail() {},
    succeed() {},
    discardIfEmpty: () => void begun.splice(begun.indexOf(start), 1),
  })
  const run: Tracing['span'] = (start, work) => {
    begun.push(start)
    return work(handle(start))
  }
  const own = { trace: null as string | null, begun, tracing: { span: run, step: run, stop: async () => {} } }
  return own
}

describe('a run whose entry was traced', () => {
  const recorded = recorder()
  let harness: WorkflowHarness
  beforeAll(async () => {
    harness = await startWorkflowHarness(inject('temporalAddress'), { tracing: recorded.tracing })
  })
  afterAll(() => harness?.close())
  const sends = () =>
    recorded.begun.filter((s) => s.name === 'send').map(({ parent, links }) => ({ parent, links }))

  it('gives each successor the trace of its own entry, and the histories replay', async () => {
    const f = harness.follower()
    let end = () => {}
    const held = new Promise<void>((resolve) => {
      end = resolve
    })
    const begun = new Promise<void>((resolve) => {
      f.answerSends(async (input) => {
        resolve()
        await held
        return { result: 'sent', at: input.now, unclear: 0 }
      })
    })
    recorded.trace = 'first entry'
    await f.start(plan)
    await begun
    const first = (await f.handle().describe()).runId
    recorded.trace = 'unfollow'
    const { signal } = harness.runs
    await signal({ appId: 'wxtest', openId: f.openId }, 'unsubscribed', { key: 'u', at: f.entryAt, seq: 9e9 })
    recorded.trace = 'second entry'
    const start = makeStart(plan, f.entryAt + 1_000)
    await f.interact('subscribe', { start, at: start.entry.at, key: start.entry.key })
    f.answerSends((input) => ({ result: 'sent', at: input.now, unclear: 0 }))
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
        history: await harness.client.workflow.getHandle(f.workflowId, runId).fetchHistory(),
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

  it('has empty headers without tracing', async () => {
    recorded.trace = null
    const f = harness.follower()
    await f.start(plan)
    await f.outcome()
    expect(sends().at(-1)).toEqual({ parent: null, links: [] })
    const history = await f.handle().fetchHistory()
    expect(JSON.stringify(history)).not.toContain('_tracer-data')
  })
})
