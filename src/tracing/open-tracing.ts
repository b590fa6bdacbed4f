import type { Log } from '../shared/log.ts'
import type { TraceSettings } from './trace-settings.ts'
import { noopTracing, type Tracing } from './tracing.ts'

/** Traces of this process; OpenTelemetry is loaded only where they are wanted. */
export async function openTracing(settings: TraceSettings | null, log: Log): Promise<Tracing> {
  if (!settings) return noopTracing
  const { createOtelTracing: createTracing } = await import('./otel-tracing.ts')
  return createTracing(settings, log)
}
