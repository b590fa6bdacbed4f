import { defaultPayloadConverter, type Headers } from '@temporalio/common'
import { describe, expect, it } from 'vitest'
import { readTrace, withTrace } from './trace-header.ts'
import { interceptors } from './trace-interceptors.ts'

const entry = (key: string) => ({ start: { entry: { key } } })
const traced = (traceparent: string) => withTrace({}, { traceparent })

/** One execution: what it was begun with, and what its calls then say. */
function execution(key: string, headers: Headers) {
  const { inbound: [heard] = [], outbound: [calls] = [] } = interceptors()
  const seen: Headers[] = []
  const next = async (input: { headers: Headers }) => void seen.push(input.headers)
  // Of each input only what the interceptors look at.
  const call = (hook: unknown, input: object) => {
    ;(hook as (i: object, n: typeof next) => unknown)(input, next)
    return seen.at(-1) ?? {}
  }
  call(heard?.execute, { args: [entry(key)], headers })
  return {
    signal: (arg: unknown, headers: Headers) => call(heard?.handleSignal, { args: [arg], headers }),
    activity: () => readTrace(call(calls?.scheduleActivity, { headers: {} })),
    goesOnAs: (key: string) => readTrace(call(calls?.continueAsNew, { args: [entry(key)], headers: {} })),
    rawActivity: () => call(calls?.scheduleActivity, { headers: {} }),
  }
}

describe('the trace of a run', () => {
  it("is its entry's, for every activity and however its history is cut", () => {
    const run = execution('a', traced('entry-a'))
    expect(run.activity()).toEqual({ traceparent: 'entry-a' })
    expect(run.goesOnAs('a')).toEqual({ traceparent: 'entry-a' })
  })

  it('links to what the run heard last', () => {
    const run = execution('a', traced('entry-a'))
    run.signal(entry('a'), traced('entry-a'))
    expect(run.activity()).toEqual({ traceparent: 'entry-a' })
    run.signal({ key: 'b' }, traced('reply-b'))
    run.signal({}, {})
    expect(run.activity()).toEqual({ traceparent: 'entry-a', lastSignal: 'reply-b' })
  })

  it('a run that follows on has the trace of its own entry, or none', () => {
    const run = execution('a', traced('entry-a'))
    run.signal(entry('b'), traced('entry-b'))
    run.signal(entry('c'), {})
    expect(run.goesOnAs('b')).toEqual({ traceparent: 'entry-b' })
    expect(run.goesOnAs('c')).toBeNull()
  })

  it('is nowhere when it began without: nothing is added to what the run asks for', () => {
    const run = execution('a', {})
    run.signal({ key: 'b' }, traced('reply-b'))
    expect(run.rawActivity()).toEqual({})
  })
})

it.each([
  ['no carrier', 'text'],
  ['nothing', null],
  ['a carrier without a trace', { tracestate: 'x=1' }],
  ['a traceparent that is no text', { traceparent: 7 }],
])('a header that is %s says nothing', (_what, value) => {
  expect(readTrace({ '_tracer-data': defaultPayloadConverter.toPayload(value) })).toBeNull()
})

it('a header that cannot be read says nothing', () => {
  expect(readTrace({ '_tracer-data': { metadata: {}, data: new Uint8Array([1]) } })).toBeNull()
})

it.each([[null], ['text'], [{ start: null }], [{ start: { entry: 5 } }]])(
  'a signal %j disturbs nothing',
  (arg) => {
    const run = execution('a', traced('entry-a'))
    run.signal(arg, traced('elsewhere'))
    expect(run.activity()).toMatchObject({ traceparent: 'entry-a' })
  },
)
