import { setTimeout as sleep } from 'node:timers/promises'
import { waitFor } from '../../test/harness/wait-for.ts'
import { measureTime, percentile, runConcurrently } from '../stats.ts'
import type { System } from './system.ts'
import { countArrived, latenessOf, type Tally, tally } from './tally.ts'

/** How many messages each stage has. */
export interface StorySize {
  /** Messages that wait, at most. */
  waiting: number
  /** Messages whose lateness is measured. */
  late: number
  /** Messages of each fault. */
  fault: number
}

/** The size of a normal run. */
export const STORY_SIZE: StorySize = { waiting: 2_000, late: 40, fault: 60 }

/** What one round measured. Times in ms. */
export interface StoryFigures {
  acceptedPerS: number
  waiting: number
  /** Bytes of memory and of disk for each waiting message. */
  memoryEach: number
  diskEach: number | null
  cancel: { p50: number; p99: number } | null
  lateness: { p50: number; p99: number }
  /** Of the messages of the lateness stage, a part of which was cancelled. */
  quiet: Tally
  killed: Tally
  /** null: there is no connection to a store. */
  disconnected: Tally | null
}

const LONG_MS = 600_000
const SHORT_MS = 2_000
/** Every wait of the story, ms. */
export const STORY_DELAYS_MS = [LONG_MS, SHORT_MS] as const
const CONCURRENCY = 50
const ACCEPT_WITHIN_MS = 3_000
const CANCELLED = 100
const WARM_UP = 10
const LATE_PER_S = 10
const FAULT_PER_S = 50
/** The receiver's answer takes as long as a call to WeChat, so that messages are on their way when the fault comes. */
const ANSWER_MS = 100
const OUTAGE_MS = 1_000
const STOP_WAITING_MS = 40_000
const MARGIN_MS = 1_000

/**
 * Plays the story once: messages are accepted and wait, some are cancelled, some become due; then the process is killed
 * while messages are being sent, and later its connection to the store breaks.
 */
export async function playStory(system: System, size: StorySize): Promise<StoryFigures> {
  await system.start('direct')
  const warm = idsOf('warm', WARM_UP)
  await Promise.all(warm.map((id) => system.accept(id, SHORT_MS)))
  await waitUntilArrived(system, warm)
  const waiting = await letWait(system, Math.min(size.waiting, system.maxWaiting ?? size.waiting))
  const cancel = await cancelSome(system, waiting.ids.slice(0, CANCELLED))
  const late = await measureLateness(system, size.late)
  const killed = await killWorker(system, idsOf('kill', size.fault))
  const disconnected = system.hasStore ? await dropConnections(system, idsOf('drop', size.fault)) : null
  const { ids: _, ...figures } = waiting
  return { ...figures, cancel, ...late, killed, disconnected }
}

/**
 * Schedules as fast as possible for a limited time, and measures what that costs. Memory is that of the second half, because
 * the first also pays for buffers, caches and compiled code. Disk is that of all: PostgreSQL reserves pages in advance.
 */
async function letWait(system: System, count: number) {
  const ids = idsOf('wait', count)
  const disk = await system.disk()
  const first = await acceptFast(system, ids.slice(0, count / 2))
  const memory = await system.memory()
  const second = await acceptFast(system, ids.slice(count / 2))
  const diskAfter = await system.disk()
  const accepted = [...first.accepted, ...second.accepted]
  return {
    ids: accepted,
    acceptedPerS: accepted.length / ((first.ms + second.ms) / 1_000),
    waiting: accepted.length,
    memoryEach: ((await system.memory()) - memory) / second.accepted.length,
    diskEach: disk === null || diskAfter === null ? null : (diskAfter - disk) / accepted.length,
  }
}

async function acceptFast(
  system: System,
  ids: readonly string[],
): Promise<{ accepted: string[]; ms: number }> {
  const accepted: string[] = []
  const { ms } = await measureTime(async () => {
    const until = performance.now() + ACCEPT_WITHIN_MS / 2
    await runConcurrently(ids.length, CONCURRENCY, async (i) => {
      const id = ids[i]
      if (id === undefined || performance.now() > until) return
      await system.accept(id, LONG_MS)
      accepted.push(id)
    })
  })
  await system.settle()
  return { accepted, ms }
}

/** Cancels one message at a time. */
async function cancelSome({ cancel }: System, ids: readonly string[]): Promise<StoryFigures['cancel']> {
  if (!cancel) return null
  const times: number[] = []
  for (const id of ids) times.push((await measureTime(() => cancel(id))).ms)
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
}

/** Schedules at an even rate. Before that, it schedules a fifth as many and cancels them at once. */
async function measureLateness(
  system: System,
  count: number,
): Promise<Pick<StoryFigures, 'lateness' | 'quiet'>> {
  const ids = idsOf('late', count)
  const cancelled = system.cancel ? idsOf('cancelled', Math.ceil(count / 5)) : []
  for (const id of cancelled) {
    await system.accept(id, SHORT_MS)
    await system.cancel?.(id)
  }
  const dueAt = await acceptEvenly(system, ids, SHORT_MS, LATE_PER_S)
  // What is missing after that is counted as such.
  await waitUntilArrived(system, ids).catch(() => {})
  const lateness = latenessOf(dueAt, system.arrivals())
  return {
    lateness: { p50: percentile(lateness, 0.5), p99: percentile(lateness, 0.99) },
    quiet: tally(ids, system.arrivals(), cancelled),
  }
}

/** kill -9 when half of the messages have arrived, and a restart at once. */
async function killWorker(system: System, ids: readonly string[]): Promise<Tally> {
  await sendHalf(system, ids)
  await system.kill()
  // In the next stage the same process loses its connection.
  await system.start('proxied')
  return afterFault(system, ids)
}

/** Every connection to the store breaks when half of the messages have arrived, and none can be opened for a second. */
async function dropConnections(system: System, ids: readonly string[]): Promise<Tally> {
  await sendHalf(system, ids)
  await system.connections.off()
  await sleep(OUTAGE_MS)
  await system.connections.on()
  return afterFault(system, ids)
}

async function sendHalf(system: System, ids: readonly string[]): Promise<void> {
  system.delayAnswers(ANSWER_MS)
  await acceptEvenly(system, ids, SHORT_MS, FAULT_PER_S)
  await waitFor(() => countArrived(ids, system.arrivals()) >= ids.length / 2, {
    message: () =>
      `only ${countArrived(ids, system.arrivals())} of ${ids.length} messages arrived before the fault`,
    timeoutMs: STOP_WAITING_MS,
    pollMs: 5,
  })
}

/**
 * Waits until interrupted messages have come again, if they do: at least the design's recovery time, and then until all have
 * arrived, or none has for that time.
 */
async function afterFault(system: System, ids: readonly string[]): Promise<Tally> {
  const began = Date.now()
  const quietMs = system.recoveryMs + MARGIN_MS
  const isOver = () => {
    const arrivals = system.arrivals()
    const last = Math.max(began, ...arrivals.slice(-1).map((a) => a.at))
    const now = Date.now()
    if (now - began < quietMs) return false
    return countArrived(ids, arrivals) === ids.length || now - last > quietMs || now - began > STOP_WAITING_MS
  }
  await waitFor(isOver, { timeoutMs: 2 * STOP_WAITING_MS })
  system.delayAnswers(0)
  return tally(ids, system.arrivals())
}

async function acceptEvenly(
  system: System,
  ids: readonly string[],
  delayMs: number,
  perS: number,
): Promise<Map<string, number>> {
  const dueAt = new Map<string, number>()
  const began = performance.now()
  const pending: Promise<void>[] = []
  for (const [i, id] of ids.entries()) {
    await sleep(Math.max(0, began + (i * 1_000) / perS - performance.now()))
    const accepted = system.accept(id, delayMs).then((at) => void dueAt.set(id, at))
    // Reported by Promise.all, after the last one was sent.
    accepted.catch(() => {})
    pending.push(accepted)
  }
  await Promise.all(pending)
  return dueAt
}

async function waitUntilArrived(system: System, ids: readonly string[]): Promise<void> {
  await waitFor(() => countArrived(ids, system.arrivals()) === ids.length, {
    message: () => `only ${countArrived(ids, system.arrivals())} of ${ids.length} messages arrived`,
    timeoutMs: STOP_WAITING_MS,
  })
}

function idsOf(stage: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `o-${stage}-${i}`)
}
