import type { Config, PlatformConfig } from '../config/config.ts'
import type { TemporalTarget } from '../temporal/connection.ts'
import { choosePort, freePort } from '../temporal/local-server/ports.ts'
import { getOrCreateSecret } from './data-dir.ts'
import { demoPlatform } from './demo/demo-platform-config.ts'
import { localUrl } from './http/local-url.ts'

/** The simulator has no sign-in, so only this machine may reach it. */
export const SIMULATOR_HOST = '127.0.0.1'

/** The addresses of the parts of `npm start`. They are chosen before anything listens, because the parts need each other's. */
export interface LocalAddresses {
  port: number
  /** Null when the simulator is off. */
  simulatorPort: number | null
  /** The third-party platform at the simulator; null when a real one is configured, or the simulator is off. */
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

/** From the environment, or generated once and stored in the data folder. */
export function localSecrets({ adminToken, encryptionKey, dataDir }: Config) {
  return {
    adminToken: adminToken ?? getOrCreateSecret(dataDir, 'admin-token'),
    encryptionKey: encryptionKey ?? getOrCreateSecret(dataDir, 'encryption-key'),
  }
}

/** Whether `npm start` runs its own Temporal server. */
export function usesLocalTemporal({ temporal }: Config): boolean {
  return !temporal.address && !temporal.profile
}

/** The Temporal server that `npm start` will use. It need not be running yet. */
export async function localTemporalTarget(config: Config): Promise<TemporalTarget> {
  const { temporal } = config
  if (!usesLocalTemporal(config)) {
    const { temporalTargetFromEnv } = await import('../temporal/connection.ts')
    return temporalTargetFromEnv(temporal.env)
  }
  const port = temporal.localPort === 0 ? await freePort() : temporal.localPort
  return { namespace: temporal.namespace, connection: { address: `127.0.0.1:${port}` } }
}
