/** How traces are exported. OpenTelemetry itself reads endpoint and sampler from the variables. */
export interface TraceSettings {
  protocol: 'http/protobuf' | 'http/json'
  /** All `OTEL_*` variables that have a value. */
  env: Readonly<Record<string, string>>
}

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT']
const PROTOCOLS = ['http/protobuf', 'http/json'] as const
const SAMPLERS = ['always_on', 'always_off', 'traceidratio'].flatMap((name) => [name, `parentbased_${name}`])

/**
 * Reads OpenTelemetry's own variables. An endpoint switches tracing on. Values that OpenTelemetry would ignore silently are
 * problems, but only while tracing is on, since the variables may be for other programs.
 */
export function readTraceSettings(env: Record<string, string | undefined>): {
  settings: TraceSettings | null
  problems: string[]
} {
  const set = Object.fromEntries(
    Object.entries(env).filter((v): v is [string, string] => v[0].startsWith('OTEL_') && !!v[1]?.trim()),
  )
  const exporter = set.OTEL_TRACES_EXPORTER ?? 'otlp'
  const off = set.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || exporter === 'none'
  if (off || !ENDPOINTS.some((name) => set[name])) return { settings: null, problems: [] }

  const problems: string[] = []
  for (const name of ENDPOINTS) {
    if (set[name] && !(/^https?:\/\/[^\s/?#]/.test(set[name]) && URL.canParse(set[name])))
      problems.push(`${name}: must be an address like http://localhost:4318`)
  }
  if (exporter !== 'otlp') problems.push('OTEL_TRACES_EXPORTER: must be otlp or none')
  const requested =
    set.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? set.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf'
  const protocol = PROTOCOLS.find((known) => known === requested)
  if (!protocol) problems.push(`OTEL_EXPORTER_OTLP_PROTOCOL: must be ${PROTOCOLS.join(' or ')}`)
  const sampler = set.OTEL_TRACES_SAMPLER
  if (sampler && !SAMPLERS.includes(sampler))
    problems.push(`OTEL_TRACES_SAMPLER: must be one of ${SAMPLERS.join(', ')}`)
  const share = Number(set.OTEL_TRACES_SAMPLER_ARG ?? 1)
  if (sampler?.endsWith('ratio') && !(share >= 0 && share <= 1))
    problems.push('OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1')
  if (problems.length > 0 || !protocol) return { settings: null, problems }
  return { settings: { protocol, env: set }, problems }
}
