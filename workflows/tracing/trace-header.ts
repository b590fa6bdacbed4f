import { defaultPayloadConverter, type Headers } from '@temporalio/common'

/**
 * By this name, and in this shape, Temporal's own interceptors for OpenTelemetry hand traces on: other programs that
 * use them understand ours. Headers pass by the payload codec, so that they are readable with encryption too.
 */
const TRACE_HEADER = '_tracer-data'

/** Where a trace goes on, as W3C `traceparent`s. Neither says anything of whose it is. */
export interface TraceCarrier {
  traceparent: string
  /** Of an activity: the event that the run heard last, when that is another one than its entry. */
  lastSignal?: string
}

/** What the headers of a call say of its trace; null when they say nothing, or nonsense. */
export function readTrace(headers: Headers): TraceCarrier | null {
  const payload = headers[TRACE_HEADER]
  if (!payload) return null
  try {
    const carrier: unknown = defaultPayloadConverter.fromPayload(payload)
    if (typeof carrier !== 'object' || carrier === null) return null
    const { traceparent, lastSignal } = carrier as Record<string, unknown>
    if (typeof traceparent !== 'string') return null
    return typeof lastSignal === 'string' ? { traceparent, lastSignal } : { traceparent }
  } catch {
    return null
  }
}

/** The headers, with the trace; as they are when there is none. */
export function withTrace(headers: Headers, carrier: TraceCarrier | null): Headers {
  return carrier ? { ...headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(carrier) } : headers
}
