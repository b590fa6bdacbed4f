import { defaultPayloadConverter, type Headers } from '@temporalio/common'

/**
 * The header's name and shape are those of Temporal's OpenTelemetry interceptors, so programs that use them can read these
 * traces. The payload codec does not encrypt headers.
 */
const TRACE_HEADER = '_tracer-data'

/** W3C `traceparent`s of the spans that a call continues. They contain no personal data. */
export interface TraceCarrier {
  traceparent: string
  /** For an activity: the last event that the run received, unless it is the entry. */
  lastSignal?: string
}

/** Reads the trace from a call's headers; null when it is missing or malformed. */
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

/** Adds a trace to the headers; returns them unchanged when `carrier` is null. */
export function withTrace(headers: Headers, carrier: TraceCarrier | null): Headers {
  return carrier ? { ...headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(carrier) } : headers
}
