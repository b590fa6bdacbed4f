import type { Log } from '../shared/log.ts'
import type { TraceSettings } from './trace-settings.ts'
import { noopTracing, type Tracing } from './tracing.ts'

/** Opens the tracing of this process. OpenTelemetry is loaded only when tracing is on. */
export async function openTracing(settings: TraceSettings | null, log: Log): Promise<Tracing> {
  if (!settings) return noopTracing
  const { createOtelTracing } = await import('./otel-tracing.ts')
  return createOtelTracing(settings, log)
}
