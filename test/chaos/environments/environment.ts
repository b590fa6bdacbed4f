import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ManagedProcess } from '../../../scripts/cluster/managed-process.ts'
import type { Db } from '../../../src/store/db.ts'
import { deliveries, inbox, runs } from '../../../src/store/schema.ts'
import { waitFor } from '../../harness/wait-for.ts'
import type { InboxRecord, RunRecord } from '../judge/evidence.ts'

/** The product as separate processes that can be killed one by one. */
export interface Environment {
  processes: readonly ManagedProcess[]
  /** Base URL of callbacks. */
  callbackBase: string
  /** Base URL of the operator API. */
  apiBase: string
  /** Host and port of the Temporal server. Absent: it is not one that this program may ask. */
  temporalAddress?: string
  /** Fills the disk of the store; returns a function that frees it. Absent where this machine cannot mount a disk. */
  fillDisk?(): Promise<() => Promise<void>>
  /** Starts every process that does not run, and waits until all are ready. */
  startAll(): Promise<void>
  /** Reads inbox and runs from the store. */
  readStore(): Promise<{ inbox: InboxRecord[]; runs: RunRecord[] }>
  end(): Promise<void>
}

/** Options of every environment. */
export interface EnvironmentOptions {
  /** The code that runs: this checkout, or a copy with a mutation. */
  root: string
  /** Folder of logs and data. The caller removes it. */
  folder: string
  /** Prints which program this machine lacks. */
  print(line: string): void
}

/** Generous, since other tests may use the machine at the same time. */
const READY_WITHIN_MS = 180_000

export const SECRETS = { ADMIN_TOKEN: 'test-admin-token', ENCRYPTION_KEY: 'test-encryption-key-of-the-tests' }

/** Starts a program of the code under test. Its output goes to `folder/name.log`. */
export function startProgram(
  { root, folder }: Pick<EnvironmentOptions, 'root' | 'folder'>,
  name: string,
  file: string,
  env: Record<string, string>,
): ChildProcess {
  const log = openSync(join(folder, `${name}.log`), 'a')
  const { PATH = '', HOME = '', XDG_CACHE_HOME, FOLLOWER_NURTURE_CACHE } = process.env
  return spawn(process.execPath, ['scripts/run.mjs', file], {
    cwd: root,
    stdio: ['ignore', log, log],
    env: {
      PATH,
      HOME,
      ...(XDG_CACHE_HOME ? { XDG_CACHE_HOME } : {}),
      ...(FOLLOWER_NURTURE_CACHE ? { FOLLOWER_NURTURE_CACHE } : {}),
      LOG_LEVEL: 'warn',
      ...env,
    },
  })
}

/** Waits until `isReady`; a rejection counts as false. @throws Error that names `what` */
export async function waitUntilReady(
  what: string,
  isReady: () => Promise<boolean>,
  withinMs = READY_WITHIN_MS,
): Promise<void> {
  await waitFor(() => isReady().catch(() => false), {
    message: () => `${what} was not ready after ${withinMs / 1000} s`,
    timeoutMs: withinMs,
  })
}

export async function respondsOk(url: string, ok: (body: unknown) => boolean = () => true): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  return response.status === 200 && ok(await response.json())
}

/** The crashes of `Evidence`. */
export function crashesOf(processes: readonly ManagedProcess[]): Record<string, number> {
  return Object.fromEntries(processes.filter((p) => p.crashes() > 0).map((p) => [p.name, p.crashes()]))
}

/** Mounts a small disk for the store, which can be filled; null where this process may not mount one. */
export function mountSmallDisk(
  at: string,
  sizeMb: number,
): { fill(): Promise<() => Promise<void>>; unmount(): void } | null {
  mkdirSync(at, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', at], { stdio: 'ignore' })
  } catch {
    return null
  }
  const ballast = join(at, 'ballast')
  return {
    async fill() {
      const block = Buffer.alloc(1024 * 1024)
      try {
        for (let mb = 0; mb < sizeMb; mb++) writeFileSync(ballast, block, { flag: 'a' })
      } catch {
        // The disk is full, as intended.
      }
      return async () => rmSync(ballast, { force: true })
    },
    unmount: () => execFileSync('umount', ['-l', at], { stdio: 'ignore' }),
  }
}

export async function readRecords(db: Db): Promise<{ inbox: InboxRecord[]; runs: RunRecord[] }> {
  const [events, rows, requested] = await Promise.all([
    db.select().from(inbox),
    db.select().from(runs),
    db.select().from(deliveries),
  ])
  const stateOf = new Map(requested.map((d) => [`${d.runKey} ${d.stepId}`, d.state]))
  return {
    inbox: events.map((r) => ({
      appId: r.appId,
      openId: r.openId,
      kind: r.kind,
      createTime: r.createTime,
      dispatched: r.dispatchedAt !== null,
    })),
    runs: rows.map((r) => ({
      appId: r.appId,
      openId: r.openId,
      version: r.version,
      entryAt: r.entry.at,
      status: r.status,
      outcome: r.outcome,
      steps: r.state.steps.map(({ id, state, dueAt, sentAt, reason, errcode }) => ({
        id,
        state,
        dueAt,
        sentAt,
        reason,
        errcode,
        delivery: stateOf.get(`${r.runKey} ${id}`) ?? null,
      })),
    })),
  }
}
