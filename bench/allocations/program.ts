import { decide } from '../../src/run/decide.ts'
import { beginRun } from '../../src/run/run-events.ts'
import { openCallback } from '../../src/wechat/callback/envelope.ts'
import { parseInbound } from '../../src/wechat/callback/events.ts'
import { wrapEvent } from '../../src/wechat/callback/outbound-envelope.ts'
import { ENTRY_AT, entryOf, planOf } from '../../test/harness/run-simulation.ts'
import { median } from '../stats.ts'

/** Node starts it with `--expose-gc`. */
declare const gc: () => void

const ROUNDS = 10
const CALLS = 1_000

/**
 * The bytes that one call allocates on V8's heap: the median of ten rounds, with a garbage collection before each of them and
 * none in it. `allocations.test.ts` has the options of Node for this: a large space for new objects, and no optimizing compiler,
 * whose work would depend on time.
 */
function bytesPerCall(call: () => unknown): number {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => {
    gc()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < CALLS; i++) call()
    return (process.memoryUsage().heapUsed - before) / CALLS
  })
  // The first round also compiles the functions.
  return Math.round(median(rounds.slice(1)))
}

const plan = planOf(Array.from({ length: 5 }, (_, i) => ({ afterMs: (i + 1) * 3_600_000 })))
const state = beginRun(plan, entryOf(), [])

const account = {
  appId: 'wxbenchallocate01',
  mode: 'security',
  token: 'test-token',
  encodingAesKey: 'testtesttesttesttesttesttesttesttesttesttes',
} as const
const timestamp = ENTRY_AT / 1_000
const { query, body } = wrapEvent(account, {
  plain: `<xml><ToUserName><![CDATA[gh_bench]]></ToUserName><FromUserName><![CDATA[oBenchFollower0000000000000]]></FromUserName><CreateTime>${timestamp}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[]]></EventKey></xml>`,
  format: 'xml',
  openId: 'oBenchFollower0000000000000',
  toUserName: 'gh_bench',
  timestamp,
})
const call = {
  account,
  query: Object.fromEntries(query),
  body: Buffer.from(body),
  now: ENTRY_AT,
  maxAgeMs: 0,
}

function readCallback() {
  const opened = openCallback(call)
  if (!opened.ok) throw new Error(opened.reason)
  return parseInbound(opened.record)
}

process.stdout.write(
  JSON.stringify({
    decide: bytesPerCall(() => decide(plan, state, ENTRY_AT + 3_600_000)),
    callback: bytesPerCall(readCallback),
  }),
)
process.exit(0)
