import { defaultPayloadConverter, type Headers } from '@temporalio/common'
import { describe, expect, it } from 'vitest'
import { readTrace, withTrace } from './trace-header.ts'
import { interceptors } from './trace-interceptors.ts'

const entry = (key: string) => ({ start: { entry: { key } } })
const traced = (traceparent: string) => withTrace({}, { traceparent })

/** One execution, started with these headers; its methods return the headers of its calls. */
function execution(key: string | null, headers: Headers) {
  const { inbound: [inbound] = [], outbound: [outbound] = [] } = interceptors()
  const forwarded: Headers[] = []
  const next = async (input: { headers: Headers }) => void forwarded.push(input.headers)
  // The inputs have only the fields that the interceptors read.
  const call = (hook: unknown, input: object) => {
    ;(hook as (i: object, n: typeof next) => unknown)(input, next)
    return forwarded.at(-1) ?? {}
  }
  call(inbound?.execute, { args: [key === null ? { ledger: [] } : entry(key)], headers })
  return {
    signal: (arg: unknown, headers: Headers) => call(inbound?.handleSignal, { args: [arg], headers }),
    activity: () => readTrace(call(outbound?.scheduleActivity, { headers: {} })),
    localActivity: () => readTrace(call(outbound?.scheduleLocalActivity, { headers: {} })),
    continueAs: (key: string) =>
      readTrace(call(outbound?.continueAsNew, { args: [entry(key)], headers: {} })),
    activityHeaders: () => call(outbound?.scheduleActivity, { headers: {} }),
  }
}

describe('the trace of a run', () => {
  it("is its entry's trace for every activity, also after continue-as-new", () => {
    const run = execution('a', traced('entry-a'))
    expect(run.activity()).toEqual({ traceparent: 'entry-a' })
    expect(run.localActivity()).toEqual({ traceparent: 'entry-a' })
    expect(run.continueAs('a')).toEqual({ traceparent: 'entry-a' })
  })

  it('links to the last event that the run received', () => {
    const run = execution('a', traced('entry-a'))
    run.signal(entry('a'), traced('entry-a'))
    expect(run.activity()).toEqual({ traceparent: 'entry-a' })
    run.signal({ key: 'b' }, traced('reply-b'))
    run.signal({}, {})
    expect(run.activity()).toEqual({ traceparent: 'entry-a', lastSignal: 'reply-b' })
  })

  it("is the next entry's trace, or none, for the run that continues as new", () => {
    const run = execution('a', traced('entry-a'))
    run.signal(entry('b'), traced('entry-b'))
    run.signal(entry('c'), {})
    expect(run.continueAs('b')).toEqual({ traceparent: 'entry-b' })
    expect(run.continueAs('c')).toBeNull()
  })

  it("is the first signal's, when the run was started together with it", () => {
    const run = execution(null, traced('entry-a'))
    run.signal(entry('a'), traced('entry-a'))
    run.signal(entry('b'), traced('entry-b'))
    expect(run.activity()).toEqual({ traceparent: 'entry-a', lastSignal: 'entry-b' })
    expect(run.continueAs('a')).toEqual({ traceparent: 'entry-a' })
    expect(run.continueAs('b')).toEqual({ traceparent: 'entry-b' })
  })

  it('is absent when the entry has none: no header is added to an activity', () => {
    const run = execution('a', {})
    run.signal({ key: 'b' }, traced('reply-b'))
    expect(run.activityHeaders()).toEqual({})
  })
})

it.each([
  ['a text', 'text'],
  ['null', null],
  ['a carrier without a trace', { tracestate: 'x=1' }],
  ['a carrier whose traceparent is a number', { traceparent: 7 }],
])('a header that is %s is ignored', (_what, value) => {
  expect(readTrace({ '_tracer-data': defaultPayloadConverter.toPayload(value) })).toBeNull()
})

it('a header that cannot be decoded is ignored', () => {
  expect(readTrace({ '_tracer-data': { metadata: {}, data: new Uint8Array([1]) } })).toBeNull()
})

it.each([[null], ['text'], [{ start: null }], [{ start: { entry: 5 } }]])(
  'the malformed signal %j leaves the trace unchanged',
  (arg) => {
    const run = execution('a', traced('entry-a'))
    run.signal(arg, traced('elsewhere'))
    expect(run.activity()).toMatchObject({ traceparent: 'entry-a' })
  },
)
