import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** The memory of one process, MiB. */
export interface ProcessMemory {
  pid: number
  /** Whether it is a Node process, and not a child such as Temporal's server. */
  isNode: boolean
  /** Resident set size, including shared memory. An idle Node process has 40, most of it the program itself. */
  rss: number
  /** Proportional set size: shared memory is divided between its users, so these values add up. */
  pss: number
}

/** The memory of a process and its descendants; null on systems other than Linux. */
export function processTreeMemory(pid: number): ProcessMemory[] | null {
  if (process.platform !== 'linux') return null
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(name) }))
  const pids = [pid]
  for (const each of pids) pids.push(...parents.filter((p) => p.parent === each).map((p) => p.pid))
  return pids.flatMap(read)
}

/** The total RSS or PSS of processes, MiB. */
export function totalMemory(processes: readonly ProcessMemory[], key: 'rss' | 'pss'): number {
  return processes.reduce((sum, p) => sum + p[key], 0)
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    // The process has just ended.
    return 0
  }
}

function read(pid: number): ProcessMemory[] {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    const mib = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1_024
    const isNode = readlinkSync(`/proc/${pid}/exe`) === readlinkSync('/proc/self/exe')
    return [{ pid, isNode, rss: mib('Rss'), pss: mib('Pss') }]
  } catch {
    return []
  }
}
