import type { SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { Log } from '../shared/log.ts'

/** The shortest time between two warnings. */
const LOG_INTERVAL_MS = 600_000

/**
 * Logs when the collector does not accept traces, and when it accepts them again: at most one line of each in ten minutes.
 * Spans that are not accepted are lost.
 */
export function loggingExporter(
  exporter: SpanExporter,
  log: Log,
  now: () => number = () => performance.now(),
): SpanExporter {
  let isFailing = false
  let loggedAt = Number.NEGATIVE_INFINITY

  const onResult = (error: Error | null) => {
    if (error && !isFailing && now() - loggedAt >= LOG_INTERVAL_MS) {
      isFailing = true
      loggedAt = now()
      log.warn(
        { reason: reasonOf(error) },
        'traces: the collector does not accept them; they are lost until it does',
      )
    } else if (!error && isFailing) {
      isFailing = false
      log.info('traces: the collector accepts them again')
    }
  }

  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        onResult(result.code === 0 ? null : (result.error ?? new Error('no reason given')))
        done(result)
      })
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  }
}

/** The code and message of an error, without the answer of the collector, which may repeat what was sent. */
function reasonOf(error: Error): string {
  return 'code' in error && error.code !== undefined ? `${error.code} ${error.message}` : error.message
}
