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
import type { Log } from '../log.ts'
import { reportingExporter } from './reporting-exporter.ts'
import type { TraceSettings } from './settings.ts'
import { type Attributes, noTracing, type Span, type SpanStart, type Tracing } from './tracing.ts'

const KINDS: Record<SpanStart['kind'], SpanKind> = {
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
}

/** A span under way, and whether anything that was done within it will be told. */
interface Open {
  otel: OtelSpan
  told: boolean
}

/** Traces by OpenTelemetry, sent to the collector that the `OTEL_*` variables name. */
export async function createTracing(settings: TraceSettings, log: Log): Promise<Tracing> {
  const { OTLPTraceExporter } = await exporterFor(settings.protocol)
  const provider = withEnvironment(
    settings.env,
    () =>
      new BasicTracerProvider({
        resource: defaultResource()
          .merge(resourceFromAttributes({ 'service.name': 'follower-nurture' }))
          .merge(detectResources({ detectors: [envDetector] })),
        spanProcessors: [new BatchSpanProcessor(reportingExporter(new OTLPTraceExporter(), log))],
      }),
  )
  const tracer = provider.getTracer('follower-nurture')
  const within = new AsyncLocalStorage<Open>()

  async function span<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T> {
    const outer = start.parent === undefined ? within.getStore() : undefined
    const otel = tracer.startSpan(
      start.name,
      {
        kind: KINDS[start.kind],
        attributes: start.attributes,
        links: (start.links ?? [])
          .flatMap((link) => readTraceparent(link) ?? [])
          .map((context) => ({ context })),
        ...(start.began === undefined ? {} : { startTime: Date.now() - (performance.now() - start.began) }),
      },
      outer ? trace.setSpan(ROOT_CONTEXT, outer.otel) : contextOf(start.parent ?? null),
    )
    const open: Open = { otel, told: false }
    let judged = false
    let quiet = false
    const fail = (kind: string) => {
      judged = true
      otel.setAttribute('error.type', kind).setStatus({ code: SpanStatusCode.ERROR, message: kind })
    }
    const handle: Span = {
      traceparent: writeTraceparent(otel.spanContext()),
      set: (attributes: Attributes) => void otel.setAttributes(attributes),
      fail,
      fine(result) {
        judged = true
        otel.setAttribute('result', result)
      },
      unremarkable() {
        quiet = true
      },
    }
    try {
      return await within.run(open, () => work(handle))
    } catch (err) {
      if (!judged) fail(kindOf(err))
      throw err
    } finally {
      // One that never ends is never sent.
      if (!quiet || open.told) {
        otel.end()
        if (outer) outer.told = true
      }
    }
  }

  return {
    span,
    step: (start, work) => (within.getStore() ? span : noTracing.span)(start, work),
    // What could not be sent, the exporter has told.
    stop: () => provider.shutdown().catch(() => {}),
  }
}

function exporterFor(protocol: TraceSettings['protocol']) {
  return protocol === 'http/json'
    ? import('@opentelemetry/exporter-trace-otlp-http')
    : import('@opentelemetry/exporter-trace-otlp-proto')
}

/** OpenTelemetry reads the environment alone; `.env` and the files of secrets are put into it while it does. */
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

/** https://www.w3.org/TR/trace-context/#traceparent-header; null for what is none. */
function readTraceparent(text: string): SpanContext | null {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? []
  if (!traceId || !spanId || !flags) return null
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}

function writeTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

/** An error's type or class; its message may name people. */
function kindOf(err: unknown): string {
  if (!(err instanceof Error)) return 'unknown'
  return 'type' in err && typeof err.type === 'string' ? err.type : err.name
}
