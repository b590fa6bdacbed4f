import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { type CollectedSpan, type Collector, startCollector } from '../../test/fixtures/otlp-collector.ts'
import { openTracing } from './open-tracing.ts'
import { readTraceSettings } from './trace-settings.ts'
import { noopTracing, type SpanStart, type Tracing } from './tracing.ts'

const spanStart = (name: string, options: Partial<SpanStart> = {}): SpanStart => ({
  name,
  kind: 'client',
  ...options,
})
const nothing = async () => {}

let collector: Collector
let tracing: Tracing
const lines: { level: number; msg: string; reason?: string }[] = []
const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) })

async function open(env: Record<string, string> = {}): Promise<void> {
  collector = await startCollector()
  const { settings } = readTraceSettings({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    ...env,
  })
  tracing = await openTracing(settings, log)
}
afterEach(async () => {
  lines.length = 0
  await collector?.close()
})

/** Stops tracing and returns the exported spans by name. */
async function exported(): Promise<Record<string, CollectedSpan>> {
  await tracing.stop()
  return Object.fromEntries(collector.spans().map((span) => [span.name, span]))
}

describe('spans', () => {
  it('are children of the current span, or of the given traceparent', async () => {
    await open()
    let far: string | null = null
    await tracing.span(spanStart('outer'), async (span) => {
      far = span.traceparent
      await tracing.step(spanStart('inner'), nothing)
      await tracing.span(spanStart('another trace', { parent: null, links: [far ?? ''] }), nothing)
    })
    await tracing.span(spanStart('far', { parent: far }), nothing)
    await tracing.span(spanStart('after nonsense', { parent: 'nonsense' }), nothing)
    const { outer, inner, far: later, 'another trace': other, 'after nonsense': odd } = await exported()
    expect(far).toBe(`00-${outer?.traceId}-${outer?.spanId}-01`)
    for (const child of [inner, later])
      expect(child).toMatchObject({ traceId: outer?.traceId, parentSpanId: outer?.spanId })
    expect(other?.traceId).not.toBe(outer?.traceId)
    expect(other?.links).toMatchObject([{ traceId: outer?.traceId, spanId: outer?.spanId }])
    expect(odd?.parentSpanId).toBeFalsy()
  })

  it('do not include a step without a current span', async () => {
    await open()
    expect(await tracing.step(spanStart('alone'), async (span) => span.traceparent)).toBeNull()
    expect(await exported()).toEqual({})
  })

  it('have the class of an error, never its message', async () => {
    await open()
    const failing = tracing.span(spanStart('failing'), async () => {
      throw new TypeError('of oSecretFollower')
    })
    await expect(failing).rejects.toThrow('of oSecretFollower')
    const { failing: span } = await exported()
    expect(span).toMatchObject({
      attributes: { 'error.type': 'TypeError' },
      status: { code: 2, message: 'TypeError' },
    })
    expect(Buffer.concat(collector.bodies).toString()).not.toContain('oSecretFollower')
  })

  it('that succeed have no error status, although their work throws', async () => {
    await open()
    await tracing
      .span(spanStart('waits'), async (span) => {
        span.succeed('Deferred')
        throw new Error()
      })
      .catch(nothing)
    const { waits } = await exported()
    expect(waits).toMatchObject({ attributes: { result: 'Deferred' } })
    expect(waits?.status.code ?? 0).toBe(0)
  })

  it('that may be discarded are exported only with children', async () => {
    await open()
    await tracing.span(spanStart('idle'), async (span) => span.discardIfEmpty())
    await tracing.span(spanStart('busy'), async (span) => {
      span.discardIfEmpty()
      await tracing.step(spanStart('request'), nothing)
    })
    expect(Object.keys(await exported()).sort()).toEqual(['busy', 'request'])
  })

  it('start at the given time', async () => {
    await open()
    await tracing.span(spanStart('late', { startedAt: performance.now() - 1_000 }), nothing)
    const { late } = await exported()
    const ms = Number(BigInt(late?.endTimeUnixNano ?? 0) - BigInt(late?.startTimeUnixNano ?? 0)) / 1e6
    expect(ms).toBeGreaterThanOrEqual(950)
    expect(ms).toBeLessThan(3_000)
  })
})

describe("OpenTelemetry's variables", () => {
  it('describe the service, and are removed from the environment afterwards', async () => {
    await open({ OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' })
    await tracing.span(spanStart('one'), nothing)
    await exported()
    expect(collector.resource()).toMatchObject({
      'service.name': 'follower-nurture',
      'deployment.environment.name': 'test',
    })
    expect(JSON.stringify(collector.resource())).not.toContain(process.execPath)
    expect(process.env.OTEL_RESOURCE_ATTRIBUTES).toBeUndefined()
  })

  it('may set the name of the service, and headers that only the collector gets; protobuf is the default', async () => {
    await open({
      OTEL_SERVICE_NAME: 'nurture-eu',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=collector-secret',
      OTEL_EXPORTER_OTLP_PROTOCOL: '',
    })
    await tracing.span(spanStart('one'), nothing)
    await tracing.stop()
    expect(collector.headers[0]).toMatchObject({
      'x-api-key': 'collector-secret',
      'content-type': 'application/x-protobuf',
    })
    const body = Buffer.concat(collector.bodies).toString('latin1')
    expect(body).toContain('nurture-eu')
    expect(body).not.toContain('collector-secret')
  })

  it('may set the sampler, whose decision other processes follow', async () => {
    await open({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' })
    const parent = await tracing.span(spanStart('one'), async (span) => span.traceparent)
    expect(parent).toMatch(/-00$/)
    await tracing.stop()
    await collector.close()
    await open()
    await tracing.span(spanStart('two', { parent }), nothing)
    expect(await exported()).toEqual({})
  })
})

describe('a collector that is unreachable', () => {
  it('does not disturb work, and is logged once', async () => {
    await open({
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_EXPORTER_OTLP_TIMEOUT: '100',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=collector-secret',
    })
    await collector.close()
    for (let i = 0; i < 5; i++) {
      expect(await tracing.span(spanStart('work'), async () => i)).toBe(i)
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
    await tracing.stop()
    expect(lines.map((l) => l.msg)).toEqual([expect.stringContaining('the collector does not accept them')])
    expect(JSON.stringify(lines)).not.toContain('collector-secret')
  })
})

it('tracing does nothing without settings', async () => {
  expect(await openTracing(null, log)).toBe(noopTracing)
})
