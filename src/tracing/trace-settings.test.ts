import { describe, expect, it } from 'vitest'
import { readTraceSettings } from './trace-settings.ts'

const ON = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }

describe('whether tracing is on', () => {
  it.each([
    ['no variable at all', {}],
    ['an empty endpoint, as compose files set it', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }],
    ['OpenTelemetry switched off', { ...ON, OTEL_SDK_DISABLED: 'true' }],
    ['another signal only', { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://collector:4318' }],
    ['no exporter', { ...ON, OTEL_TRACES_EXPORTER: 'none' }],
    ['a variable of other programs without an endpoint', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }],
  ])('no: %s', (_why, env) => {
    expect(readTraceSettings(env)).toEqual({ settings: null, problems: [] })
  })

  it.each([
    ['an endpoint', ON, 'http/protobuf'],
    [
      'an endpoint for traces',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c/v1/traces' },
      'http/protobuf',
    ],
    ['JSON', { ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, 'http/json'],
    [
      'the protocol of traces, which overrides the general one',
      { ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' },
      'http/json',
    ],
  ])('yes: %s', (_why, env, protocol) => {
    expect(readTraceSettings({ ...env, PATH: '/bin' })).toEqual({ settings: { protocol, env }, problems: [] })
  })
})

it.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', { ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }],
  ['OTEL_TRACES_EXPORTER', { ...ON, OTEL_TRACES_EXPORTER: 'zipkin' }],
  ['OTEL_TRACES_SAMPLER', { ...ON, OTEL_TRACES_SAMPLER: 'sometimes' }],
  ['OTEL_TRACES_SAMPLER_ARG', { ...ON, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '10%' }],
])('an invalid %s is reported', (name, env) => {
  const { settings, problems } = readTraceSettings(env)
  expect(settings).toBeNull()
  expect(problems).toEqual([expect.stringContaining(`${name}: must be`)])
})
