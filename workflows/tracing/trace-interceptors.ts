import type { Headers } from '@temporalio/common'
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow'
import type { NurtureInput } from '../nurture-input.ts'
import { readTrace, withTrace } from './trace-header.ts'

/**
 * Forwards the trace of a run's entry to the run's activities, and the trace of a later entry to the run that it starts.
 * It creates no spans: a run lives for days, and its activities have their own. Without a trace in the headers it changes
 * nothing, so the workflow bundle is the same with tracing on and off. It adds no commands, so histories still replay.
 *
 * A send a day later is a child in its entry's trace, not a separate trace with a link. Back ends find a whole trace by its
 * id however late its spans arrive, and most of them show links poorly. One sampling decision also covers the whole run.
 * The last received event, such as a reply that released a held step, becomes a link.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  let own: { key: string; traceparent: string | null } = { key: '', traceparent: null }
  let lastSignal: string | null = null
  /** Traces of the entries that may start the next run, by the entry's key. */
  const entries = new Map<string, string>()

  const withOwnTrace = <T extends { headers: Headers }>(input: T): T => {
    const { traceparent } = own
    if (!traceparent) return input
    const carrier = {
      traceparent,
      ...(lastSignal && lastSignal !== traceparent ? { lastSignal } : {}),
    }
    return { ...input, headers: withTrace(input.headers, carrier) }
  }
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
          const key = entryKey(input.args[0])
          // A run that was started together with a signal has its entry there.
          if (key && own.key === '') own = { ...own, key }
          if (traceparent) {
            lastSignal = traceparent
            if (key) entries.set(key, traceparent)
          }
          return next(input)
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(withOwnTrace(input)),
        scheduleLocalActivity: (input, next) => next(withOwnTrace(input)),
        continueAsNew(input, next) {
          const key = entryKey(input.args[0])
          const traceparent = key === own.key ? own.traceparent : key && entries.get(key)
          return next({ ...input, headers: withTrace(input.headers, traceparent ? { traceparent } : null) })
        },
      },
    ],
  }
}

/** The key of the entry in a run's input or in a signal's; null when there is none. Anybody can send a signal. */
function entryKey(input: unknown): string | null {
  const key = (input as Partial<NurtureInput> | null | undefined)?.start?.entry?.key
  return typeof key === 'string' ? key : null
}
