import { readdirSync, readFileSync } from 'node:fs'
import { basename, sep } from 'node:path'
import { SUPERVISOR } from '../src/temporal/local-server/supervise.ts'

/** Linux counts in ticks of 10 ms. */
const TICK_MS = 10

interface Proc {
  pid: number
  parent: number
  /** Of the process and of its children that have exited. */
  ms: number
  /** Of the process alone. */
  ownMs: number
  args: string[]
}

/**
 * CPU time in ms of each part of a stack that runs in `folder`, child processes included. Linux only: it reads /proc. A part
 * is identified by the supervisor that writes its log there.
 */
export function cpuTimeOf(folder: string): Record<string, number> {
  const all = processes()
  const below = (pid: number): number =>
    all.filter((p) => p.parent === pid).reduce((sum, p) => sum + p.ms + below(p.pid), 0)
  const used: Record<string, number> = {}
  for (const { pid, ms, args } of all) {
    const log = args[args.indexOf(SUPERVISOR) + 1]
    if (!args.includes(SUPERVISOR) || !log?.startsWith(folder + sep)) continue
    const name = basename(log, '.log')
    const part = name.replace(/-\d$/, '')
    used[part] = (used[part] ?? 0) + ms + below(pid)
  }
  return used
}

/**
 * CPU time in ms of all processes below this one, added up by the program that `programOf` names from their command lines.
 * Children that have exited do not count: their parents may be of another program. Linux only.
 */
export function cpuTimeBelow(
  pid: number,
  programOf: (args: readonly string[]) => string,
): Record<string, number> {
  const all = processes()
  const used: Record<string, number> = {}
  const addChildren = (parent: number): void => {
    for (const child of all.filter((p) => p.parent === parent)) {
      const program = programOf(child.args)
      used[program] = (used[program] ?? 0) + child.ownMs
      addChildren(child.pid)
    }
  }
  addChildren(pid)
  return used
}

/** CPU time of one process in ms, by ticks of 10 ms; NaN where there is no /proc. */
export function cpuTimeOfProcess(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [utime = 0, stime = 0] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number)
    return (utime + stime) * TICK_MS
  } catch {
    return Number.NaN
  }
}

function processes(): Proc[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const [, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        // utime, stime, cutime, cstime: fields 14 to 17 of proc(5). `rest` begins with the fifth field.
        const [utime = 0, stime = 0, cutime = 0, cstime = 0] = rest.slice(9, 13).map(Number)
        const ownMs = (utime + stime) * TICK_MS
        const ms = ownMs + (cutime + cstime) * TICK_MS
        const args = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
        return [{ pid: Number(name), parent: Number(parent), ms, ownMs, args }]
      } catch {
        // The process has just exited.
        return []
      }
    })
}
