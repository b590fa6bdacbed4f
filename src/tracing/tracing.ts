/** Attributes of a span, named as in the log. Personal ids are masked; there are no secrets and no texts. */
export type Attributes = Record<string, string | number | undefined>

/** A unit of work in progress. */
export interface Span {
  /** The W3C `traceparent` that continues this trace elsewhere; null while tracing is off. */
  readonly traceparent: string | null
  setAttributes(attributes: Attributes): void
  /** Marks the span as failed. `kind` is a class or a code, never an error's message, which may contain personal data. */
  fail(kind: string): void
  /** Marks the span as successful, although its work throws. */
  succeed(result: string): void
  /** Does not export the span, unless a span within it is exported. */
  discardIfEmpty(): void
}

export interface SpanStart {
  name: string
  /** OpenTelemetry's span kind. */
  kind: 'server' | 'producer' | 'consumer' | 'client'
  /** The `traceparent` of the parent; null starts a new trace. Default: the current span. */
  parent?: string | null
  /** `traceparent`s of related spans. */
  links?: readonly string[]
  /** The start, by `performance.now()`. Default: now. */
  startedAt?: number
  attributes?: Attributes
}

/** Traces an event from its callback to the request that it causes. */
export interface Tracing {
  /** Runs `work` in a span. An error fails the span and is rethrown. */
  span<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T>
  /** Like `span`, but only within a current span; else runs `work` without one. */
  step<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T>
  /** Exports the remaining spans and stops. */
  stop(): Promise<void>
}

const NOOP_SPAN: Span = {
  traceparent: null,
  setAttributes() {},
  fail() {},
  succeed() {},
  discardIfEmpty() {},
}

/** Tracing that is off: runs the work alone. */
export const noopTracing: Tracing = {
  span: (_start, work) => work(NOOP_SPAN),
  step: (_start, work) => work(NOOP_SPAN),
  stop: async () => {},
}
