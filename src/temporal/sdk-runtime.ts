import { DefaultLogger, Runtime } from '@temporalio/worker'
import type { Log } from '../shared/log.ts'
import { freePort } from './local-server/ports.ts'

/**
 * Connects the Temporal SDK to the log of this process, and exposes its metrics. The SDK handles no signals. Call it once in a
 * process, before the first worker.
 */
export async function installTemporalRuntime(log: Log): Promise<{ metrics: () => Promise<string> }> {
  const port = await freePort()
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    // Expected: each worker serves one queue, with workflows or with activities.
    if (/^No (activities|workflows) registered/.test(message)) return
    const logLevel = level === 'ERROR' ? 'error' : level === 'WARN' ? 'warn' : 'debug'
    log[logLevel](
      { temporal: meta?.sdkComponent, ...('error' in (meta ?? {}) ? { err: meta?.error } : {}) },
      message,
    )
  })
  Runtime.install({
    logger,
    shutdownSignals: [],
    telemetryOptions: {
      metrics: { prometheus: { bindAddress: `127.0.0.1:${port}`, useSecondsForDurations: true } },
      logging: { forward: {}, filter: 'WARN' },
    },
  })
  return {
    metrics: async () =>
      (await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(1_000) })).text(),
  }
}
