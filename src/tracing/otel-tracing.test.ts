import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { type CollectedSpan, type Collector, startCollector } from '../../test/fixtures/otlp-collector.ts'
import { openTracing } from './open-tracing.ts'
import { readTraceSettings } from './trace-settings.ts'
import { noopTracing, type SpanStart, type Tracing } from './tracing.ts'

const part = (name: string, more: Partial<SpanStart> = {}): SpanStart => ({ name, kind: 'client', ...more })
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

/** Ends the traces; what the collector then has, by name. */
async function told(): Promise<Record<string, CollectedSpan>> {
  await tracing.stop()
  return Object.fromEntries(collector.spans().map((span) => [span.name, span]))
}

describe('spans', () => {
  it('are within the one that they are made in, or go on where a traceparent says', async () => {
    await open()
    let far: string | null = null
    await tracing.span(part('outer'), async (span) => {
      far = span.traceparent
      await tracing.step(part('inner'), nothing)
      await tracing.span(part('another trace', { parent: null, links: [far ?? ''] }), nothing)
    })
    await tracing.span(part('far', { parent: far }), nothing)
    await tracing.span(part('after nonsense', { parent: 'nonsense' }), nothing)
    const { outer, inner, far: later, 'another trace': other, 'after nonsense': odd } = await told()
    expect(far).toBe(`00-${outer?.traceId}-${outer?.spanId}-01`)
    for (const child of [inner, later])
      expect(child).toMatchObject({ traceId: outer?.traceId, parentSpanId: outer?.spanId })
    expect(other?.traceId).not.toBe(outer?.traceId)
    expect(other?.links).toMatchObject([{ traceId: outer?.traceId, spanId: outer?.spanId }])
    expect(odd?.parentSpanId).toBeFalsy()
  })

  it('a step outside of any is none', async () => {
    await open()
    expect(await tracing.step(part('alone'), async (span) => span.traceparent)).toBeNull()
    expect(await told()).toEqual({})
  })

  it('say the class of an error, never its words', async () => {
    await open()
    const failing = tracing.span(part('failing'), async () => {
      throw new TypeError('of oSecretFollower')
    })
    await expect(failing).rejects.toThrow('of oSecretFollower')
    const { failing: span } = await told()
    expect(span).toMatchObject({
      attributes: { 'error.type': 'TypeError' },
      status: { code: 2, message: 'TypeError' },
    })
    expect(Buffer.concat(collector.bodies).toString()).not.toContain('oSecretFollower')
  })

  it('what is fine is no failure, although it throws', async () => {
    await open()
    await tracing
      .span(part('waits'), async (span) => {
        span.succeed('Deferred')
        throw new Error()
      })
      .catch(nothing)
    const { waits } = await told()
    expect(waits).toMatchObject({ attributes: { result: 'Deferred' } })
    expect(waits?.status.code ?? 0).toBe(0)
  })

  it('an unremarkable one is told only with what was done within', async () => {
    await open()
    await tracing.span(part('idle'), async (span) => span.discardIfEmpty())
    await tracing.span(part('busy'), async (span) => {
      span.discardIfEmpty()
      await tracing.step(part('request'), nothing)
    })
    expect(Object.keys(await told()).sort()).toEqual(['busy', 'request'])
  })

  it('begin when they are said to', async () => {
    await open()
    await tracing.span(part('late', { startedAt: performance.now() - 1_000 }), nothing)
    const { late } = await told()
    const ms = Number(BigInt(late?.endTimeUnixNano ?? 0) - BigInt(late?.startTimeUnixNano ?? 0)) / 1e6
    expect(ms).toBeGreaterThanOrEqual(950)
    expect(ms).toBeLessThan(3_000)
  })
})

describe("OpenTelemetry's variables", () => {
  it('name the service, and are out of the environment again', async () => {
    await open({ OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' })
    await tracing.span(part('one'), nothing)
    await told()
    expect(collector.resource()).toMatchObject({
      'service.name': 'follower-nurture',
      'deployment.environment.name': 'test',
    })
    expect(JSON.stringify(collector.resource())).not.toContain(process.execPath)
    expect(process.env.OTEL_RESOURCE_ATTRIBUTES).toBeUndefined()
  })

  it('a name of the operator wins; headers go to the collector and nowhere else; protobuf is the default', async () => {
    await open({
      OTEL_SERVICE_NAME: 'nurture-eu',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=collector-secret',
      OTEL_EXPORTER_OTLP_PROTOCOL: '',
    })
    await tracing.span(part('one'), nothing)
    await tracing.stop()
    expect(collector.headers[0]).toMatchObject({
      'x-api-key': 'collector-secret',
      'content-type': 'application/x-protobuf',
    })
    const body = Buffer.concat(collector.bodies).toString('latin1')
    expect(body).toContain('nurture-eu')
    expect(body).not.toContain('collector-secret')
  })

  it('who is not sampled is not sampled anywhere else', async () => {
    await open({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' })
    const parent = await tracing.span(part('one'), async (span) => span.traceparent)
    expect(parent).toMatch(/-00$/)
    await tracing.stop()
    await collector.close()
    await open()
    await tracing.span(part('two', { parent }), nothing)
    expect(await told()).toEqual({})
  })
})

describe('a collector that is away', () => {
  it('disturbs no work, and is told of once', async () => {
    await open({
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_EXPORTER_OTLP_TIMEOUT: '100',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=collector-secret',
    })
    await collector.close()
    for (let i = 0; i < 5; i++) {
      expect(await tracing.span(part('work'), async () => i)).toBe(i)
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
    await tracing.stop()
    expect(lines.map((l) => l.msg)).toEqual([expect.stringContaining('the collector does not take them')])
    expect(JSON.stringify(lines)).not.toContain('collector-secret')
  })
})

it('without settings there are none', async () => {
  expect(await openTracing(null, log)).toBe(noopTracing)
})
