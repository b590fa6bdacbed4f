import type { ConnectionOptions } from '@temporalio/client'
import { pino } from 'pino'
import { createServices, type Services } from '../../src/bootstrap/services.ts'
import type { Log } from '../../src/shared/log.ts'
import type { Store } from '../../src/store/db.ts'
import { openStore } from '../../src/store/open-store.ts'
import { connectTemporal } from '../../src/temporal/connection.ts'

/** A port on which nothing listens. */
export const NOWHERE = '127.0.0.1:9'

export interface OfflineServicesOptions {
  encryptionKey?: string
  log?: Log
  now?: () => number
  /** Connection options of the absent Temporal server. The SDK's default timeouts are too long. */
  connection?: Omit<ConnectionOptions, 'address'>
  /** Called with each SQL statement. */
  onStatement?: (statement: string) => void
  platform?: NonNullable<Parameters<typeof createServices>[0]['config']['platform']>
}

/** The services with an embedded store in memory. Temporal and WeChat are absent, so calls of them fail. */
export async function createOfflineServices(
  options: OfflineServicesOptions = {},
): Promise<{ services: Services; store: Store }> {
  const { encryptionKey = 'test-encryption-key', now, platform, connection } = options
  const log = options.log ?? pino({ level: process.env.TEST_LOG ?? 'silent' })
  const store = await openStore({ dataDir: null }, options.onStatement)
  const target = { namespace: 'default', connection: { ...connection, address: NOWHERE } }
  const link = connectTemporal(target, 'test')
  const config = {
    wechatApiBase: `http://${NOWHERE}`,
    callbackMaxAgeMs: 600_000,
    retentionDays: 30,
    runRetentionDays: 90,
    ...(platform ? { platform } : {}),
  }
  return {
    services: createServices({ config, db: store.db, temporal: link, encryptionKey, log, now }),
    store,
  }
}
