import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Context,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Log } from '../shared/log.ts'
import { loggingExporter } from './logging-exporter.ts'
import type { TraceSettings } from './trace-settings.ts'
import { type Attributes, noopTracing, type Span, type SpanStart, type Tracing } from './tracing.ts'

const KINDS: Record<SpanStart['kind'], SpanKind> = {
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
}

/** A span in progress. */
interface OpenSpan {
  otel: OtelSpan
  /** Whether a span within it is exported. */
  hasExportedChild: boolean
}

/** Tracing with OpenTelemetry, exported to the collector that the `OTEL_*` variables name. */
export async function createOtelTracing(settings: TraceSettings, log: Log): Promise<Tracing> {
  const { OTLPTraceExporter } = await exporterFor(settings.protocol)
  const provider = withEnvironment(
    settings.env,
    () =>
      new BasicTracerProvider({
        resource: defaultResource()
          .merge(resourceFromAttributes({ 'service.name': 'follower-nurture' }))
          .merge(detectResources({ detectors: [envDetector] })),
        spanProcessors: [new BatchSpanProcessor(loggingExporter(new OTLPTraceExporter(), log))],
      }),
  )
  const tracer = provider.getTracer('follower-nurture')
  const currentSpan = new AsyncLocalStorage<OpenSpan>()

  async function span<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T> {
    const outer = start.parent === undefined ? currentSpan.getStore() : undefined
    const otel = tracer.startSpan(
      start.name,
      {
        kind: KINDS[start.kind],
        attributes: start.attributes,
        links: (start.links ?? [])
          .flatMap((link) => readTraceparent(link) ?? [])
          .map((context) => ({ context })),
        ...(start.startedAt === undefined
          ? {}
          : { startTime: Date.now() - (performance.now() - start.startedAt) }),
      },
      outer ? trace.setSpan(ROOT_CONTEXT, outer.otel) : contextOf(start.parent ?? null),
    )
    const openSpan: OpenSpan = { otel, hasExportedChild: false }
    let hasStatus = false
    let isDiscardable = false
    const fail = (kind: string) => {
      hasStatus = true
      otel.setAttribute('error.type', kind).setStatus({ code: SpanStatusCode.ERROR, message: kind })
    }
    const handle: Span = {
      traceparent: writeTraceparent(otel.spanContext()),
      setAttributes: (attributes: Attributes) => void otel.setAttributes(attributes),
      fail,
      succeed(result) {
        hasStatus = true
        otel.setAttribute('result', result)
      },
      discardIfEmpty() {
        isDiscardable = true
      },
    }
    try {
      return await currentSpan.run(openSpan, () => work(handle))
    } catch (err) {
      if (!hasStatus) fail(errorKind(err))
      throw err
    } finally {
      // A span that never ends is never exported.
      if (!isDiscardable || openSpan.hasExportedChild) {
        otel.end()
        if (outer) outer.hasExportedChild = true
      }
    }
  }

  return {
    span,
    step: (start, work) => (currentSpan.getStore() ? span : noopTracing.span)(start, work),
    // The exporter has logged its failures.
    stop: () => provider.shutdown().catch(() => {}),
  }
}

function exporterFor(protocol: TraceSettings['protocol']) {
  return protocol === 'http/json'
    ? import('@opentelemetry/exporter-trace-otlp-http')
    : import('@opentelemetry/exporter-trace-otlp-proto')
}

/** Adds `.env` and secret files to the environment while OpenTelemetry reads it. */
function withEnvironment<T>(env: Readonly<Record<string, string>>, make: () => T): T {
  const before = { ...process.env }
  Object.assign(process.env, env)
  try {
    return make()
  } finally {
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
}

function contextOf(traceparent: string | null): Context {
  const parent = traceparent === null ? null : readTraceparent(traceparent)
  return parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT
}

/** Parses https://www.w3.org/TR/trace-context/#traceparent-header; null for an invalid text. */
function readTraceparent(text: string): SpanContext | null {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? []
  if (!traceId || !spanId || !flags) return null
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}

function writeTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

/** The type or class of an error. Its message may contain personal data. */
function errorKind(err: unknown): string {
  if (!(err instanceof Error)) return 'unknown'
  return 'type' in err && typeof err.type === 'string' ? err.type : err.name
}
