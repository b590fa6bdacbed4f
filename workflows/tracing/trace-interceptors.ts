import type { WorkflowInterceptorsFactory } from '@temporalio/workflow'
import type { NurtureInput } from '../nurture-run.ts'
import { readTrace, withTrace } from './trace-header.ts'

/**
 * Hands the trace of a run's entry on to its activities, and of a later entry to the run that it begins. It makes no
 * spans: a run lives for days, and what it does shows in its activities. Without a trace in the headers nothing
 * changes, so the bundle is the same with traces and without. Nothing waits here: a history replays as it did.
 *
 * A send a day later is a child in its entry's trace, not a trace of its own with a link: back-ends find all of a trace
 * by its id whenever its spans come, most show links as a footnote and in one direction, and one decision to sample
 * then holds for all of a run. What the run heard last (a reply, that released a held step) is the link.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  let own: { key: string; traceparent: string | null } = { key: '', traceparent: null }
  let lastSignal: string | null = null
  /** Of entries that may begin the next run, by their key. */
  const entries = new Map<string, string>()

  return {
    inbound: [
      {
        execute(input, next) {
          own = {
            key: entryKey(input.args[0]) ?? '',
            traceparent: readTrace(input.headers)?.traceparent ?? null,
          }
          return next(input)
        },
        handleSignal(input, next) {
          const traceparent = readTrace(input.headers)?.traceparent
          if (traceparent) {
            lastSignal = traceparent
            const key = entryKey(input.args[0])
            if (key) entries.set(key, traceparent)
          }
          return next(input)
        },
      },
    ],
    outbound: [
      {
        scheduleActivity(input, next) {
          const { traceparent } = own
          if (!traceparent) return next(input)
          const carrier = {
            traceparent,
            ...(lastSignal && lastSignal !== traceparent ? { lastSignal } : {}),
          }
          return next({ ...input, headers: withTrace(input.headers, carrier) })
        },
        continueAsNew(input, next) {
          const key = entryKey(input.args[0])
          const traceparent = key === own.key ? own.traceparent : key && entries.get(key)
          return next({ ...input, headers: withTrace(input.headers, traceparent ? { traceparent } : null) })
        },
      },
    ],
  }
}

/** The key of the entry that a run's input, or a signal, begins a run with. Signals come from anybody. */
function entryKey(input: unknown): string | null {
  const key = (input as Partial<NurtureInput> | null | undefined)?.start?.entry?.key
  return typeof key === 'string' ? key : null
}
