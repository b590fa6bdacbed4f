import type { Config, PlatformConfig } from '../config/config.ts'
import type { Store } from '../store/db.ts'
import { openStore } from '../store/open-store.ts'
import { type TemporalTarget, temporalTargetFromEnv } from '../temporal/connection.ts'
import { choosePort, freePort } from '../temporal/local-server/ports.ts'
import { getOrCreateSecret } from './data-dir.ts'
import { demoPlatform } from './demo/demo-platform.ts'
import { localUrl } from './http/server.ts'
import { makePrivate } from './private-files.ts'
import type { Shutdown } from './shutdown.ts'

/** The simulator has no sign-in: only this machine reaches it. */
export const SIMULATOR_HOST = '127.0.0.1'

/** Where the parts of `npm start` will be reached: chosen before anything listens, since each must know the others. */
export interface LocalAddresses {
  port: number
  /** Null: no simulator. */
  simulatorPort: number | null
  /** The third-party platform at the simulator; null where a real one is configured, or no simulator runs. */
  demoPlatform: PlatformConfig | null
}

/** @throws PortInUseError */
export async function chooseAddresses(config: Config): Promise<LocalAddresses> {
  const port = await choosePort(config.port, config.host, 'PORT')
  if (!config.simulator) return { port, simulatorPort: null, demoPlatform: null }
  const simulatorPort = await choosePort(config.simulatorPort, SIMULATOR_HOST, 'SIMULATOR_PORT')
  if (config.platform) return { port, simulatorPort, demoPlatform: null }
  const simulatorUrl = localUrl(SIMULATOR_HOST, simulatorPort)
  const publicUrl = localUrl(config.host, port)
  return { port, simulatorPort, demoPlatform: demoPlatform({ simulatorUrl, publicUrl }) }
}

/** The store of `npm start`: embedded in the data folder, unless `DATABASE_URL` names a PostgreSQL. */
export async function openLocalStore(
  { databaseUrl, dataDir }: Config,
  shutdown: Shutdown,
  print: (line: string) => void,
): Promise<Store> {
  const store = await openStore({ databaseUrl, dataDir })
  shutdown.onShutdown('store', store.close)
  if (store.kind === 'pglite') {
    makePrivate(dataDir)
    print(
      'store: embedded, in DATA_DIR. It survives the end of this process, not a power cut; DATABASE_URL names a PostgreSQL.',
    )
  }
  return store
}

/** From the environment; where it has none, made once and kept in the data folder. */
export function localSecrets({ adminToken, encryptionKey, dataDir }: Config) {
  return {
    adminToken: adminToken ?? getOrCreateSecret(dataDir, 'admin-token'),
    encryptionKey: encryptionKey ?? getOrCreateSecret(dataDir, 'encryption-key'),
  }
}

/** Whether `npm start` runs a Temporal server of its own. */
export function usesLocalTemporal({ temporal }: Config): boolean {
  return !temporal.address && !temporal.profile
}

/** The Temporal server that `npm start` will use, running or not. */
export async function localTemporalTarget(config: Config): Promise<TemporalTarget> {
  const { temporal } = config
  if (!usesLocalTemporal(config)) return temporalTargetFromEnv(temporal.env)
  const port = temporal.localPort === 0 ? await freePort() : temporal.localPort
  return { namespace: temporal.namespace, connection: { address: `127.0.0.1:${port}` } }
}
