import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { freePort, isPortFree } from '../../src/temporal/local-server/ports.ts'

/** The ports of one stack on one machine, where each container had its own. */
const PORTS = [
  'proxyHealth',
  'postgres',
  'frontend',
  'frontendRing',
  'history',
  'historyRing',
  'matching',
  'matchingRing',
  'system',
  'systemRing',
  'frontendMetrics',
  'historyMetrics',
  'matchingMetrics',
  'systemMetrics',
  'serve-1',
  'serve-2',
  'worker-1',
  'worker-2',
  'worker-draining',
] as const

export type Ports = Record<(typeof PORTS)[number] | 'proxy', number>

/** Where a stack is on this machine. */
export interface StackLocation {
  /** Data, secrets, logs. */
  folder: string
  /** The checkout whose code runs as `serve` and `worker`. */
  root: string
  ports: Ports
  /** What `.env` holds. Those that change take effect at a service's next start. */
  settings: Record<string, string>
}

/**
 * Free ports, chosen once and kept in `file`: under new ones Temporal would wait for its own former addresses.
 * @param proxy where callbacks and console are reached
 */
export async function choosePorts(file: string, proxy: number): Promise<Ports> {
  const saved = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Omit<Ports, 'proxy'>) : null
  if (saved && (await Promise.all(Object.values(saved).map((port) => isPortFree(port)))).every(Boolean))
    return { ...saved, proxy }
  const chosen = new Set<number>()
  while (chosen.size < PORTS.length) chosen.add(await freePort())
  const ports = Object.fromEntries([...chosen].map((port, i) => [PORTS[i], port])) as Omit<Ports, 'proxy'>
  writeFileSync(file, JSON.stringify(ports))
  return { ...ports, proxy }
}
