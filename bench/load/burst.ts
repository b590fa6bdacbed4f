import { sql } from 'drizzle-orm'
import type { SimAccount } from '../../src/simulator/index.ts'
import type { Db } from '../../src/store/db.ts'
import { execute } from '../../src/store/sql.ts'
import { waitFor } from '../../test/harness/wait-for.ts'
import { percentile } from '../stats.ts'
import { countPending, waitUntilAllEnded } from './progress.ts'
import type { Row } from './rows.ts'
import type { Target } from './target.ts'
import { sendFollows, startWechat } from './wechat.ts'

const WARM_UP = { count: 100, seconds: 5 }
const APP = 'wxload00000000001'
export const CAMPAIGN =
  'id: load\nname: load\nentry: {event: subscribe}\nreply: {text: hi}\nsteps: [{id: now, after: 0s, ifLate: skip, send: {text: hello}}]\n'

/** The result of a burst of follows. */
export interface Burst {
  follows: number
  rate: number
  answered: number[]
  /** Deliveries without an accepted answer, and re-sends. */
  failed: number
  resent: number
  pauses: number
  /** Follows without any accepted answer: a pause of WeChat's pushes dropped them, or four deliveries failed. */
  undelivered: number
  /** Undelivered follows that are not in the store either: WeChat never delivered them while there was capacity. */
  neverStored: number
  /** Answered with success, but not in the store. Must be 0. */
  lost: number
  /** In the store more than once. Must be 0. */
  storedTwice: number
  /** Followers with a message, followers with two, and sends that WeChat rejected. */
  messages: number
  messagesTwice: number
  refused: number
  skipped: number
  shed: number
  /** By the server's own clock: requests answered within so many s, `+Inf`: all. Includes the warm-up. */
  servedWithin: Record<string, number>
  /** See `FollowResult`. */
  maxEventLoopDelayMs: number
  mostPending: number
  /** s until the inbox was empty; null: not within the time. */
  dispatchedAfter: number | null
  stillPending: number
  memory: Record<string, number>
}

/** Sends a burst of follows and reads what was answered, stored, dispatched and sent. Stops the target. */
export async function measureBurst(
  target: Target,
  options: { follows: number; seconds: number; dispatchedWithinMs: number; lenient?: boolean },
): Promise<Burst> {
  const { follows, seconds, dispatchedWithinMs } = options
  const wechat = await startWechat(target, options.lenient)
  const account = await wechat.addAccount(APP, 'wechat-2023')
  await wechat.publish(CAMPAIGN)
  // The first seconds of a new process are slow and are not measured.
  await sendFollows(account, 'Warm', WARM_UP)
  await waitFor(async () => (await countPending(target.base)) === 0)
  const before = wechat.simulator.wechat.pushCounts(APP)
  const [failedBefore, resentBefore] = [before.failed, before.resent]
  const began = performance.now()
  const { answered, undelivered, rate, maxEventLoopDelayMs } = await sendFollows(account, 'Burst', {
    count: follows,
    seconds,
  })
  let pending = Number.POSITIVE_INFINITY
  let mostPending = 0
  while (pending > 0 && performance.now() - began < dispatchedWithinMs) {
    pending = await countPending(target.base)
    mostPending = Math.max(mostPending, pending)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  const dispatchedAfter = pending === 0 ? (performance.now() - began) / 1_000 : null
  // Followers whose minute has passed get no message, but their runs end.
  if (pending === 0) await waitUntilAllEnded(target.base)
  const { shed, servedWithin } = await readMetrics(target.base)
  const memory = target.memoryPeaks()
  const { failed, resent, pauses } = wechat.simulator.wechat.pushCounts(APP)
  const stored = await target.stopAndRead(readStored)
  await wechat.close()
  const missing = new Set(Array.from({ length: follows }, (_, i) => `oBurst${i}`))
  for (const { openId } of stored.inbox) missing.delete(openId)
  const neverStored = undelivered.filter((openId) => missing.has(openId)).length
  const got = messagesOf(account)
  return {
    follows,
    rate,
    answered,
    failed: failed - failedBefore,
    resent: resent - resentBefore,
    pauses,
    undelivered: undelivered.length,
    neverStored,
    lost: missing.size - neverStored,
    storedTwice: stored.inbox.filter((r) => Number(r.times) > 1).length,
    messages: got.size,
    messagesTwice: [...got.values()].filter((n) => n > 1).length,
    refused: account.sends.filter((s) => s.errcode !== 0).length,
    skipped: stored.skipped,
    shed,
    servedWithin,
    maxEventLoopDelayMs,
    mostPending,
    dispatchedAfter,
    stillPending: pending,
    memory,
  }
}

async function readStored(db: Db) {
  const inbox = await execute<{ openId: string; times: string | number }>(
    db,
    sql`SELECT open_id AS "openId", count(*) AS times FROM inbox WHERE app_id = ${APP} AND open_id LIKE 'oBurst%' GROUP BY open_id`,
  )
  const skipped = await execute<{ n: string | number }>(
    db,
    sql`SELECT count(*) AS n FROM deliveries WHERE state = 'skipped'`,
  )
  return { inbox: inbox.rows, skipped: Number(skipped.rows[0]?.n) }
}

function messagesOf(account: SimAccount): Map<string, number> {
  const got = new Map<string, number>()
  for (const { openId, errcode } of account.sends)
    if (errcode === 0 && openId.startsWith('oBurst')) got.set(openId, (got.get(openId) ?? 0) + 1)
  return got
}

async function readMetrics(base: string): Promise<{ shed: number; servedWithin: Record<string, number> }> {
  const answer = await fetch(`${base}/metrics`, { headers: { authorization: 'Bearer test-admin-token' } })
  const text = await answer.text()
  const servedWithin: Record<string, number> = {}
  for (const [, s = '', n] of text.matchAll(/^nurture_callback_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm))
    servedWithin[s] = Number(n)
  return { shed: Number(/^nurture_callbacks_shed_total (\d+)$/m.exec(text)?.[1] ?? Number.NaN), servedWithin }
}

export function rowsOfBurst(target: string, seconds: number, b: Burst): Row[] {
  const name = `${b.follows.toLocaleString('en')} follows in ${seconds} s, ${target}`
  const ms = (share: number) => `${Math.round(percentile(b.answered, share))} ms`
  const memory = Object.entries(b.memory)
    .map(([program, mib]) => `${program} ${mib} MiB`)
    .join(', ')
  return [
    [`${name}: sent at`, `${Math.round(b.rate)}/s`],
    [
      `${name}: answered with success / stored`,
      `${b.follows - b.undelivered} / ${b.follows - b.neverStored - b.lost}`,
    ],
    [`${name}: failed deliveries / re-sends / MarkFail`, `${b.failed} / ${b.resent} / ${b.pauses}`],
    [`${name}: shed (answered 500 at once)`, `${b.shed}`],
    [`${name}: answered with success and not stored / stored twice`, `${b.lost} / ${b.storedTwice}`],
    [`${name}: never stored: dropped by MarkFail, or failed four times`, `${b.neverStored}`],
    [`${name}: answered, p50 / p99 / longest`, `${ms(0.5)} / ${ms(0.99)} / ${ms(1)}`],
    [
      `${name}: by the server's own clock, within 0.25 / 1 / 5 s of all`,
      `${['0.25', '1', '5', '+Inf'].map((s) => b.servedWithin[s]).join(' / ')}`,
    ],
    [`${name}: longest event loop delay of the load generator`, `${Math.round(b.maxEventLoopDelayMs)} ms`],
    [
      `${name}: all dispatched after`,
      b.dispatchedAfter === null
        ? `not within the run: ${b.stillPending} still pending`
        : `${b.dispatchedAfter.toFixed(0)} s`,
    ],
    [`${name}: most pending in the inbox`, `${b.mostPending}`],
    [
      `${name}: got the message within the minute / twice / rejected by WeChat`,
      `${b.messages} / ${b.messagesTwice} / ${b.refused}`,
    ],
    [`${name}: skipped without a call after the minute`, `${b.skipped}`],
    [`${name}: peak memory`, memory],
  ].map(([what = '', value = '']) => ({ what, value, command: 'npm run load -- burst' }))
}
