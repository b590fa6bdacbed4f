import { sql } from 'drizzle-orm'
import type { SimAccount } from '../../src/simulator/index.ts'
import { openStore } from '../../src/store/open-store.ts'
import { execute } from '../../src/store/sql.ts'
import { isolatedSettings, spawnProgram, waitUntilReady } from '../../test/harness/process/program.ts'
import { allEnd, pendingOf, STANDSTILL_MS } from './product.ts'
import type { Row } from './rows.ts'
import { peakOf } from './target.ts'
import { flood, startWechat } from './wechat.ts'

/** Whose steps come due during the outage, and whose grant (48 h) can pay whenever the program is back. */
const WAITING = 'wxload00000000003'
/** Whose minute ends during the outage. */
const EXPIRED = 'wxload00000000004'
/** Whose minute is still running when the program is back: what of it can be saved. */
const SAVED = 'wxload00000000005'
/** Followers of the two one-minute accounts, at most: they must be started within their minute. */
const OF_A_MINUTE = 100
/** Runs that are started a second, at least: what the plan below counts on. */
const STARTS_PER_S = 14
/** The kill, and before it the follows whose minute matters, in s before or after. */
const PLAN = { expired: -45, saved: -10, due: 10, back: 20 }

const series = (id: string, appId: string, afterS: number, text: string) =>
  `id: ${id}\nname: ${id}\naccounts: [${appId}]\nentry: {event: subscribe}\nsteps: [{id: first, after: ${afterS}s, ifLate: ${id === 'waiting' ? 'hold' : 'skip'}, send: {text: ${text}}}]\n`

export interface Restart {
  runs: number
  /** Waiting in Temporal at the kill; the others were still in the inbox. */
  notDispatched: number
  outageS: number
  readyAfterS: number
  /** s after `ready`; NaN where none went out. */
  firstSentS: number
  allSentS: number
  sent: number
  twice: number
  lost: number
  expired: { followers: number; skipped: number; calls: number }
  saved: { followers: number; sent: number; refused: number; lastSentS: number }
  memory: { before: number; after: number }
}

/** Runs wait, the whole program is killed, their steps come due while it is away, and it starts again. On PGlite. */
export async function measureRestart(asked: number, say: (line: string) => void): Promise<Restart> {
  const { env, dataDir, cleanUp: forget } = await isolatedSettings()
  const settings = { ...env, SIMULATOR: 'off', LOG_LEVEL: 'error' }
  const base = `http://127.0.0.1:${env.PORT}`
  const first = spawnProgram('src/start.ts', settings)
  await waitUntilReady(first)
  const wechat = await startWechat({ base })
  const waiting = await wechat.addAccount(WAITING, 'classic-48h')
  const expired = await wechat.addAccount(EXPIRED, 'wechat-2023')
  const saved = await wechat.addAccount(SAVED, 'wechat-2023')
  const killInS = Math.ceil(asked / STARTS_PER_S) - PLAN.expired + 5
  await wechat.publish(series('waiting', WAITING, killInS + PLAN.due, 'waited'))
  await wechat.publish(series('expired', EXPIRED, -PLAN.expired + PLAN.due - 10, 'too late'))
  await wechat.publish(series('saved', SAVED, -PLAN.saved + PLAN.due - 5, 'just in time'))

  const killAt = Date.now() + killInS * 1_000
  const at = (secondsFromKill: number) => sleepUntil(killAt + secondsFromKill * 1_000)
  const of = Math.min(OF_A_MINUTE, asked)
  say(`  ${asked} follow; the kill is in ${killInS} s`)
  const flooded = await flood(waiting, 'Waiting', { count: asked, seconds: Math.max(10, asked / 800) })
  const runs = asked - flooded.undelivered.length
  if (runs < asked) say(`  ${asked - runs} of them WeChat could not deliver`)
  await at(PLAN.expired)
  await flood(expired, 'Expired', { count: of, seconds: 2 })
  await at(PLAN.saved)
  await flood(saved, 'Saved', { count: of, seconds: 2 })
  await at(0)
  const notDispatched = await pendingOf(base)
  const sentBefore = sentOf(waiting).length
  const before = peakOf(first)
  first.process.kill('SIGKILL')
  await first.exited
  const killedAt = Date.now()
  say(`  killed with ${notDispatched} in the inbox and ${sentBefore} sent`)

  await at(PLAN.back)
  const startedAt = Date.now()
  const second = spawnProgram('src/start.ts', settings)
  await waitUntilReady(second)
  const readyAt = Date.now()
  const all = runs + 2 * of
  if (!(await allEnd(base))) say(`  for ${STANDSTILL_MS / 1_000} s no run ended any more`)
  const after = peakOf(second)
  second.process.kill('SIGTERM')
  await second.exited
  await wechat.close()
  const store = await openStore({ dataDir })
  const { rows } = await execute<{ app: string; skipped: string | number; runs: string | number }>(
    store.db,
    sql`SELECT r.app_id AS app, count(*) AS runs,
        count(*) FILTER (WHERE r.state->'steps'->0->>'state' = 'skipped') AS skipped
      FROM runs r GROUP BY r.app_id`,
  )
  await store.close()
  forget()
  const inStore = rows.reduce((sum, r) => sum + Number(r.runs), 0)
  const since = sentOf(waiting).filter((s) => s.at >= killedAt)
  const inSeconds = (ms: number) => (ms - readyAt) / 1_000
  const goodSaved = sentOf(saved)
  return {
    runs,
    notDispatched,
    outageS: (startedAt - killedAt) / 1_000,
    readyAfterS: (readyAt - startedAt) / 1_000,
    firstSentS: inSeconds(Math.min(...since.map((s) => s.at))),
    allSentS: inSeconds(Math.max(...since.map((s) => s.at))),
    sent: new Set(sentOf(waiting).map((s) => s.openId)).size,
    twice: twiceOf(waiting) + twiceOf(expired) + twiceOf(saved),
    lost: all - inStore + (runs - new Set(sentOf(waiting).map((s) => s.openId)).size),
    expired: {
      followers: of,
      skipped: Number(rows.find((r) => r.app === EXPIRED)?.skipped ?? 0),
      calls: expired.sends.length,
    },
    saved: {
      followers: of,
      sent: goodSaved.length,
      refused: saved.sends.length - goodSaved.length,
      lastSentS: inSeconds(Math.max(...goodSaved.map((s) => s.at))),
    },
    memory: { before, after },
  }
}

const sentOf = (account: SimAccount) => account.sends.filter((s) => s.errcode === 0)
const twiceOf = (account: SimAccount) =>
  sentOf(account).length - new Set(sentOf(account).map((s) => s.openId)).size

function sleepUntil(at: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, at - Date.now())))
}

export function rowsOfRestart(r: Restart): Row[] {
  const name = `kill -9 with ${r.runs.toLocaleString('en')} runs waiting`
  const s = (x: number) => (Number.isFinite(x) ? `${x.toFixed(1)} s` : 'none')
  return [
    [`${name}: outage, then \`ready\` after`, `${s(r.outageS)}, ${s(r.readyAfterS)}`],
    [`${name}: events still in the inbox at the kill`, `${r.notDispatched}`],
    [`${name}: first due step out, after \`ready\``, s(r.firstSentS)],
    [`${name}: all due steps out, after \`ready\``, s(r.allSentS)],
    [`${name}: sent / lost / twice`, `${r.sent} / ${r.lost} / ${r.twice}`],
    [
      `${name}: minute over in the outage: skipped / calls to WeChat`,
      `${r.expired.skipped} of ${r.expired.followers} / ${r.expired.calls}`,
    ],
    [
      `${name}: minute still running: saved / refused / last one out`,
      `${r.saved.sent} of ${r.saved.followers} / ${r.saved.refused} / ${s(r.saved.lastSentS)}`,
    ],
    [`${name}: most memory before / after`, `${r.memory.before} / ${r.memory.after} MiB`],
  ].map(([what = '', value = '']) => ({ what, value, command: `npm run load -- restart --runs ${r.runs}` }))
}
