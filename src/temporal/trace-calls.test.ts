import { WorkflowNotFoundError } from '@temporalio/client'
import { ApplicationFailure, type Headers } from '@temporalio/common'
import { describe, expect, it } from 'vitest'
import { readTrace, withTrace } from '../../workflows/tracing/trace-header.ts'
import type { Span, SpanStart, Tracing } from '../tracing/tracing.ts'
import { traceActivities, traceCalls } from './trace-calls.ts'

/** Writes down what spans say. */
function recorder(traceparent: string | null = 'here') {
  const said: string[] = []
  const begun: SpanStart[] = []
  const span: Span = {
    traceparent,
    setAttributes: (attributes) => void said.push(JSON.stringify(attributes)),
    fail: (kind) => void said.push(`failed ${kind}`),
    succeed: (result) => void said.push(`fine ${result}`),
    discardIfEmpty: () => void said.push('unremarkable'),
  }
  const record: Tracing['span'] = (start, work) => {
    begun.push(start)
    return work(span)
  }
  return { said, begun, tracing: { span: record, step: record, stop: async () => {} } }
}

/** One attempt of an activity with these headers and this input, which ends so. */
async function attempt(
  seen: ReturnType<typeof recorder>,
  number: number,
  input: unknown,
  end: () => unknown,
) {
  const info = {
    activityType: 'send',
    attempt: number,
    workflowExecution: { workflowId: 'nurture/wxtest/oTestFollower', runId: 'run' },
  }
  // The interceptor looks at nothing else of the context.
  const { inbound } = traceActivities(seen.tracing)({ info } as Parameters<
    ReturnType<typeof traceActivities>
  >[0])
  const headers = withTrace({}, { traceparent: 'entry', lastSignal: 'reply' })
  return inbound?.execute?.({ args: [input], headers }, async () => end())
}

const waits = () => {
  throw ApplicationFailure.create({ type: 'AccountStopped', message: 'of oTestFollower', category: 'BENIGN' })
}

describe('an attempt of an activity', () => {
  it("is in its run's trace, and says of which step and whose, masked", async () => {
    const seen = recorder()
    const state = {
      entry: { key: 'k' },
      campaign: 'hello',
      version: 3,
      steps: [{ id: 'one' }, { id: 'two' }],
    }
    const result = { result: 'refused', errcode: 45015, reason: 'of oTestFollower' }
    expect(await attempt(seen, 2, { state, index: 1 }, () => result)).toBe(result)
    expect(seen.begun).toEqual([
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
    expect(seen.said).toEqual(['{"result":"refused","errcode":45015}'])
  })

  it('takes any input and any answer', async () => {
    for (const input of [undefined, null, 'text', { index: 7 }]) {
      const seen = recorder()
      await attempt(seen, 1, input, () => null)
      expect(seen.said).toEqual(['{}'])
    }
  })

  it('that only waits is fine, and told the first time', async () => {
    const first = recorder()
    await expect(attempt(first, 1, null, waits)).rejects.toThrow()
    expect(first.said).toEqual(['fine AccountStopped'])
    const later = recorder()
    await expect(attempt(later, 2, null, waits)).rejects.toThrow()
    expect(later.said).toEqual(['fine AccountStopped', 'unremarkable'])
  })

  it('that fails is left to fail', async () => {
    const seen = recorder()
    const failing = attempt(seen, 2, null, () => {
      throw ApplicationFailure.create({ type: 'WechatFailed' })
    })
    await expect(failing).rejects.toThrow()
    expect(seen.said).toEqual([])
  })
})

describe('a signal', () => {
  const send = async (seen: ReturnType<typeof recorder>, end: () => void = () => {}) => {
    let sent: Headers = {}
    const input = { signalName: 'interaction', headers: {} } as Parameters<
      NonNullable<ReturnType<typeof traceCalls>['signal']>
    >[0]
    await traceCalls(seen.tracing).signal?.(input, async ({ headers }) => {
      sent = headers
      end()
    })
    return sent
  }

  it('takes the trace along, where there is one', async () => {
    expect(readTrace(await send(recorder('here')))).toEqual({ traceparent: 'here' })
    expect(await send(recorder(null))).toEqual({})
  })

  it('to a run that is over is no failure', async () => {
    const seen = recorder()
    const gone = send(seen, () => {
      throw new WorkflowNotFoundError(
        'nurture/wxtest/oTestFollower',
        'nurture/wxtest/oTestFollower',
        undefined,
      )
    })
    await expect(gone).rejects.toThrow(WorkflowNotFoundError)
    expect(seen.said).toEqual(['fine no-run'])
  })
})
