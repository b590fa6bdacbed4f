import { WorkflowNotFoundError } from '@temporalio/client'
import { ApplicationFailure, type Headers } from '@temporalio/common'
import { describe, expect, it } from 'vitest'
import { readTrace, withTrace } from '../../workflows/tracing/trace-header.ts'
import type { Span, SpanStart, Tracing } from '../tracing/tracing.ts'
import { traceActivities, traceCalls } from './trace-calls.ts'

/** Records spans and what is reported on them. */
function recorder(traceparent: string | null = 'here') {
  const reported: string[] = []
  const started: SpanStart[] = []
  const span: Span = {
    traceparent,
    setAttributes: (attributes) => void reported.push(JSON.stringify(attributes)),
    fail: (kind) => void reported.push(`failed ${kind}`),
    succeed: (result) => void reported.push(`succeeded ${result}`),
    discardIfEmpty: () => void reported.push('discardable'),
  }
  const record: Tracing['span'] = (start, work) => {
    started.push(start)
    return work(span)
  }
  return { reported, started, tracing: { span: record, step: record, stop: async () => {} } }
}

/** Executes one attempt of an activity with this input. */
async function attempt(
  spans: ReturnType<typeof recorder>,
  number: number,
  input: unknown,
  end: () => unknown,
) {
  const info = {
    activityType: 'send',
    attempt: number,
    workflowExecution: { workflowId: 'nurture/wxtest/oTestFollower', runId: 'run' },
  }
  // The interceptor reads nothing else of the context.
  const { inbound } = traceActivities(spans.tracing)({ info } as Parameters<
    ReturnType<typeof traceActivities>
  >[0])
  const headers = withTrace({}, { traceparent: 'entry', lastSignal: 'reply' })
  return inbound?.execute?.({ args: [input], headers }, async () => end())
}

const failBenignly = () => {
  throw ApplicationFailure.create({ type: 'AccountStopped', message: 'of oTestFollower', category: 'BENIGN' })
}

describe('an attempt of an activity', () => {
  it("is part of its run's trace, and names the step and the masked follower", async () => {
    const spans = recorder()
    const state = {
      entry: { key: 'k' },
      campaign: 'hello',
      version: 3,
      steps: [{ id: 'one' }, { id: 'two' }],
    }
    const result = { result: 'refused', errcode: 45015, reason: 'of oTestFollower' }
    expect(await attempt(spans, 2, { state, index: 1 }, () => result)).toBe(result)
    expect(spans.started).toEqual([
      {
        name: 'send',
        kind: 'consumer',
        parent: 'entry',
        links: ['reply'],
        attributes: {
          appId: 'wxtest',
          follower: 'oTes…ower',
          runId: 'run',
          attempt: 2,
          key: 'k',
          run: 'k',
          campaign: 'hello@3',
          step: 'two',
        },
      },
    ])
    expect(spans.reported).toEqual(['{"result":"refused","errcode":45015}'])
  })

  it('accepts any input and any result', async () => {
    for (const input of [undefined, null, 'text', { index: 7 }]) {
      const spans = recorder()
      await attempt(spans, 1, input, () => null)
      expect(spans.reported).toEqual(['{}'])
    }
  })

  it('that fails with a benign failure succeeds; only its first attempt is always exported', async () => {
    const first = recorder()
    await expect(attempt(first, 1, null, failBenignly)).rejects.toThrow()
    expect(first.reported).toEqual(['succeeded AccountStopped'])
    const later = recorder()
    await expect(attempt(later, 2, null, failBenignly)).rejects.toThrow()
    expect(later.reported).toEqual(['succeeded AccountStopped', 'discardable'])
  })

  it('that fails gets the status from the tracer', async () => {
    const spans = recorder()
    const failing = attempt(spans, 2, null, () => {
      throw ApplicationFailure.create({ type: 'WechatFailed' })
    })
    await expect(failing).rejects.toThrow()
    expect(spans.reported).toEqual([])
  })
})

describe('a signal', () => {
  const send = async (spans: ReturnType<typeof recorder>, end: () => void = () => {}) => {
    let sent: Headers = {}
    const input = { signalName: 'interaction', headers: {} } as Parameters<
      NonNullable<ReturnType<typeof traceCalls>['signal']>
    >[0]
    await traceCalls(spans.tracing).signal?.(input, async ({ headers }) => {
      sent = headers
      end()
    })
    return sent
  }

  it('carries the trace in its headers, if there is one', async () => {
    expect(readTrace(await send(recorder('here')))).toEqual({ traceparent: 'here' })
    expect(await send(recorder(null))).toEqual({})
  })

  it('to a run that has ended is not an error', async () => {
    const spans = recorder()
    const gone = send(spans, () => {
      throw new WorkflowNotFoundError(
        'nurture/wxtest/oTestFollower',
        'nurture/wxtest/oTestFollower',
        undefined,
      )
    })
    await expect(gone).rejects.toThrow(WorkflowNotFoundError)
    expect(spans.reported).toEqual(['succeeded no-run'])
  })
})
