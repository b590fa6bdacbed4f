import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { freePort, isPortFree } from '../../src/temporal/local-server/ports.ts'

/** The ports of a stack. In compose each container has its own address; here all share one. */
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

/** The place of a stack on this machine. */
export interface StackLocation {
  /** Folder of data, secrets and logs. */
  folder: string
  /** The checkout whose code runs as `serve` and `worker`. */
  root: string
  ports: Ports
  /** The settings of `.env`. A change takes effect at the service's next start. */
  settings: Record<string, string>
}

/**
 * Free ports, chosen once and kept in `file`: with new ports Temporal would wait for its own former addresses.
 * @param proxy the port of callbacks and console
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
