import type { SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { Log } from '../shared/log.ts'

/** However often the collector comes and goes, it has one line in so much time. */
const LOG_INTERVAL_MS = 600_000

/**
 * An exporter that says in the log when the collector does not take traces, and when it takes them again: at most one
 * line of each in ten minutes. Spans that are not taken are lost; nothing waits for them.
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
        'traces: the collector does not take them; they are lost meanwhile',
      )
    } else if (!error && isFailing) {
      isFailing = false
      log.info('traces: the collector takes them again')
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

/** Its code, or its message: never what the collector answered, which may repeat what it was sent. */
function reasonOf(error: Error): string {
  return 'code' in error && error.code !== undefined ? `${error.code} ${error.message}` : error.message
}
