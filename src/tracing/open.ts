import type { Log } from '../log.ts'
import type { TraceSettings } from './settings.ts'
import { noTracing, type Tracing } from './tracing.ts'

/** Traces of this process; OpenTelemetry is loaded only where they are wanted. */
export async function openTracing(settings: TraceSettings | null, log: Log): Promise<Tracing> {
  if (!settings) return noTracing
  const { createTracing } = await import('./otel.ts')
  return createTracing(settings, log)
}
