import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What one process holds, in MiB. */
export interface ProcessMemory {
  pid: number
  /** Of Node; else of something that it started, like Temporal's server. */
  isNode: boolean
  /** Resident, with what it shares with others: a bare Node process is 40, most of it the program itself. */
  rss: number
  /** The same, but of what is shared only its share: these add up. */
  pss: number
}

/** The memory of a process and of all that it started; null where there is no Linux to ask. */
export function processTreeMemory(pid: number): ProcessMemory[] | null {
  if (process.platform !== 'linux') return null
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(name) }))
  const pids = [pid]
  for (const each of pids) pids.push(...parents.filter((p) => p.parent === each).map((p) => p.pid))
  return pids.flatMap(read)
}

/** MiB of RSS, or of PSS, of some processes together. */
export function totalMemory(processes: readonly ProcessMemory[], key: 'rss' | 'pss'): number {
  return processes.reduce((sum, p) => sum + p[key], 0)
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    // It has just ended.
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
