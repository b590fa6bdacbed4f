import { sql } from 'drizzle-orm'
import type { SimAccount } from '../../src/simulator/index.ts'
import type { Db } from '../../src/store/db.ts'
import { execute } from '../../src/store/sql.ts'
import { waitFor } from '../../test/harness/wait-for.ts'
import { percentile } from '../stats.ts'
import { allEnd, pendingOf } from './product.ts'
import type { Row } from './rows.ts'
import type { Target } from './target.ts'
import { flood, startWechat } from './wechat.ts'

const WARM_UP = { count: 100, seconds: 5 }
const APP = 'wxload00000000001'
export const CAMPAIGN =
  'id: load\nname: load\nentry: {event: subscribe}\nreply: {text: hi}\nsteps: [{id: now, after: 0s, ifLate: skip, send: {text: hello}}]\n'

export interface Burst {
  follows: number
  rate: number
  answered: number[]
  /** Deliveries that got no good answer, and those that followed them. */
  failed: number
  resent: number
  silences: number
  /** Follows of which WeChat never got a good answer: a silence swallowed them, or four deliveries failed. */
  undelivered: number
  /** Of these, the ones that are not in the store either: WeChat never brought them while there was room. */
  neverStored: number
  /** Answered well, and not in the store: must be none. */
  lost: number
  /** In the store more than once: must be none. */
  doubled: number
  /** Followers who got the message, who got it twice, and sends that WeChat refused. */
  messages: number
  messagesTwice: number
  refused: number
  skipped: number
  shed: number
  /** By the server's own clock: how many were answered within so many s, `+Inf`: all; the warm-up's too. */
  servedWithin: Record<string, number>
  /** See `Flood`. */
  deafMs: number
  mostPending: number
  /** s until nothing waited any more; null: not within the time. */
  dispatchedAfter: number | null
  stillPending: number
  memory: Record<string, number>
}

/** Many follow at once: what of it is answered, stored, dispatched, sent. Stops the target. */
export async function measureBurst(
  target: Target,
  options: { follows: number; seconds: number; dispatchedWithinMs: number; patient?: boolean },
): Promise<Burst> {
  const { follows, seconds, dispatchedWithinMs } = options
  const wechat = await startWechat(target, options.patient)
  const account = await wechat.addAccount(APP, 'wechat-2023')
  await wechat.publish(CAMPAIGN)
  // A process that has served nobody yet is slow for its first seconds: that is not what is asked here.
  await flood(account, 'Warm', WARM_UP)
  await waitFor(async () => (await pendingOf(target.base)) === 0)
  const before = wechat.simulator.wechat.pushCounts(APP)
  const [failedBefore, resentBefore] = [before.failed, before.resent]
  const began = performance.now()
  const { answered, undelivered, rate, deafMs } = await flood(account, 'Burst', { count: follows, seconds })
  let pending = Number.POSITIVE_INFINITY
  let mostPending = 0
  while (pending > 0 && performance.now() - began < dispatchedWithinMs) {
    pending = await pendingOf(target.base)
    mostPending = Math.max(mostPending, pending)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  const dispatchedAfter = pending === 0 ? (performance.now() - began) / 1_000 : null
  // Those whose minute was over get no message, but their runs end.
  if (pending === 0) await allEnd(target.base)
  const { shed, servedWithin } = await toldByMetrics(target.base)
  const memory = target.memoryPeaks()
  const { failed, resent, pauses: silences } = wechat.simulator.wechat.pushCounts(APP)
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
    silences,
    undelivered: undelivered.length,
    neverStored,
    lost: missing.size - neverStored,
    doubled: stored.inbox.filter((r) => Number(r.times) > 1).length,
    messages: got.size,
    messagesTwice: [...got.values()].filter((n) => n > 1).length,
    refused: account.sends.filter((s) => s.errcode !== 0).length,
    skipped: stored.skipped,
    shed,
    servedWithin,
    deafMs,
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

async function toldByMetrics(base: string): Promise<{ shed: number; servedWithin: Record<string, number> }> {
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
    [`${name}: went out at`, `${Math.round(b.rate)}/s`],
    [
      `${name}: answered well / stored`,
      `${b.follows - b.undelivered} / ${b.follows - b.neverStored - b.lost}`,
    ],
    [`${name}: failed deliveries / sent again / MarkFail`, `${b.failed} / ${b.resent} / ${b.silences}`],
    [`${name}: answered 500 at once (shed)`, `${b.shed}`],
    [`${name}: answered and not stored / stored twice`, `${b.lost} / ${b.doubled}`],
    [`${name}: never stored: swallowed by MarkFail, or four times failed`, `${b.neverStored}`],
    [`${name}: answered, p50 / p99 / longest`, `${ms(0.5)} / ${ms(0.99)} / ${ms(1)}`],
    [
      `${name}: by the server's own clock, within 0.25 / 1 / 5 s of all`,
      `${['0.25', '1', '5', '+Inf'].map((s) => b.servedWithin[s]).join(' / ')}`,
    ],
    [`${name}: longest time in which the generator itself heard nothing`, `${Math.round(b.deafMs)} ms`],
    [
      `${name}: all dispatched after`,
      b.dispatchedAfter === null
        ? `not within the run: ${b.stillPending} still waited`
        : `${b.dispatchedAfter.toFixed(0)} s`,
    ],
    [`${name}: most that waited in the inbox`, `${b.mostPending}`],
    [
      `${name}: got the message in their minute / twice / refused by WeChat`,
      `${b.messages} / ${b.messagesTwice} / ${b.refused}`,
    ],
    [`${name}: skipped without a call, the minute being over`, `${b.skipped}`],
    [`${name}: most memory`, memory],
  ].map(([what = '', value = '']) => ({ what, value, command: 'npm run load -- burst' }))
}
