/** What a span says, by the names that the log uses. Ids of people masked, no secrets, no texts. */
export type Attributes = Record<string, string | number | undefined>

/** A piece of work, while it lasts. */
export interface Span {
  /** The W3C `traceparent` by which work elsewhere goes on from here; null while there are no traces. */
  readonly traceparent: string | null
  setAttributes(attributes: Attributes): void
  /** It failed. `kind` is a class or a code, never an error's own words: those may name people. */
  fail(kind: string): void
  /** It ended as it may, although it throws. */
  succeed(result: string): void
  /** Nobody need hear of it, unless of something that was done within. */
  discardIfEmpty(): void
}

export interface SpanStart {
  name: string
  /** Who waits for whom, in OpenTelemetry's words. */
  kind: 'server' | 'producer' | 'consumer' | 'client'
  /** `traceparent` of what it goes on from; null: it begins a trace. Absent: the span that it is called within. */
  parent?: string | null
  /** `traceparent`s of what it has to do with besides. */
  links?: readonly string[]
  /** When it began, by `performance.now()`; absent: now. */
  startedAt?: number
  attributes?: Attributes
}

/** Traces of what happens to an event, from its callback to the request that it causes. */
export interface Tracing {
  /** Does `work` in a span, which ends with it; what is thrown fails the span and is thrown on. */
  span<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T>
  /** The same as a part of the span that it is called within; no span where there is none. */
  step<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T>
  /** Sends what was not sent yet, and ends. */
  stop(): Promise<void>
}

const NOOP_SPAN: Span = {
  traceparent: null,
  setAttributes() {},
  fail() {},
  succeed() {},
  discardIfEmpty() {},
}

/** No traces: the work alone. */
export const noopTracing: Tracing = {
  span: (_start, work) => work(NOOP_SPAN),
  step: (_start, work) => work(NOOP_SPAN),
  stop: async () => {},
}
