import type { DataConverter } from '@temporalio/common'
import { type Config, requireProduction } from '../config/config.ts'
import { createLog, type Log } from '../shared/log.ts'
import { connectTemporal, type TemporalTarget, temporalTargetFromEnv } from '../temporal/connection.ts'
import { assertPortFree } from '../temporal/local-server/ports.ts'
import { openTracing } from '../tracing/open-tracing.ts'
import type { Tracing } from '../tracing/tracing.ts'
import { suspendDemoAccounts } from './demo/demo-account.ts'
import { verifyEncryptionKeys } from './encryption/verify-encryption-keys.ts'
import { openStoreWithRetry } from './open-store-with-retry.ts'
import { createServices, type Services } from './services.ts'
import { createShutdown, type Shutdown } from './shutdown.ts'

/** A production process, connected to its PostgreSQL and its Temporal cluster. */
export interface ProductionProcess {
  adminToken: string
  log: Log
  shutdown: Shutdown
  tracing: Tracing
  target: TemporalTarget
  dataConverter: DataConverter
  services: Services
}

/**
 * The start that `serve` and `worker` share.
 * @param options.identity short: Temporal stores it in many rows
 * @throws ConfigError, PortInUseError, OutdatedStoreError
 */
export async function openProduction(
  config: Config,
  options: { identity: string; port: number; portVariable: string },
): Promise<ProductionProcess> {
  const { databaseUrl, adminToken, encryptionKey } = requireProduction(config)
  const log = createLog(config.logLevel)
  const shutdown = createShutdown(log)
  shutdown.handleSignals()
  const tracing = await openTracing(config.traces, log)
  // Registered first, so that it runs last: the other hooks are traced too.
  shutdown.onShutdown('traces', tracing.stop)
  await assertPortFree(options.port, config.host, options.portVariable)

  const store = await openStoreWithRetry(databaseUrl, log)
  shutdown.onShutdown('store', store.close)
  const dataConverter = await verifyEncryptionKeys({ config, db: store.db, encryptionKey, log })
  const target = temporalTargetFromEnv(config.temporal.env)
  const temporal = connectTemporal(target, options.identity, dataConverter, tracing)
  shutdown.onShutdown('Temporal connection', temporal.close)
  const services = createServices({ config, db: store.db, temporal, encryptionKey, log, tracing })
  await suspendDemoAccounts(services)
  return { adminToken, log, shutdown, tracing, target, dataConverter, services }
}
