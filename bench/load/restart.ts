import { sql } from 'drizzle-orm'
import type { SimAccount } from '../../src/simulator/index.ts'
import { openStore } from '../../src/store/open-store.ts'
import { execute } from '../../src/store/sql.ts'
import {
  isolatedSettings,
  type Program,
  spawnProgram,
  waitUntilReady,
} from '../../test/harness/process/program.ts'
import { countPending, STALL_TIMEOUT_MS, waitUntilAllEnded } from './progress.ts'
import type { Row } from './rows.ts'
import { peakOf } from './target.ts'
import { sendFollows, startWechat } from './wechat.ts'

/** Its steps become due during the outage. Their grant (48 h) still allows sending whenever the program is back. */
const WAITING = 'wxload00000000003'
/** Its one-minute grants end during the outage. */
const EXPIRED = 'wxload00000000004'
/** Its one-minute grants are still valid when the program is back. */
const SAVED = 'wxload00000000005'
/** Maximum followers of each one-minute account. Their runs must start within the minute. */
const ONE_MINUTE_FOLLOWERS = 100
/** Minimum rate at which runs start. The schedule depends on it. */
const STARTS_PER_S = 14
/** Times in s relative to the kill: the follows of the one-minute accounts, the due steps and the restart. */
const SCHEDULE = { expired: -45, saved: -10, due: 10, back: 20 }

const series = (id: string, appId: string, afterS: number, text: string) =>
  `id: ${id}\nname: ${id}\naccounts: [${appId}]\nentry: {event: subscribe}\nsteps: [{id: first, after: ${afterS}s, ifLate: ${id === 'waiting' ? 'hold' : 'skip'}, send: {text: ${text}}}]\n`

export interface Restart {
  runs: number
  /** Events that were still in the inbox at the kill. */
  notDispatched: number
  outageS: number
  readyAfterS: number
  /** s after `ready`; not finite when nothing was sent. */
  firstSentS: number
  allSentS: number
  sent: number
  twice: number
  lost: number
  expired: { followers: number; skipped: number; calls: number }
  saved: { followers: number; sent: number; refused: number; lastSentS: number }
  /** Peak memory of the Node process, MiB. */
  memory: { before: number; after: number }
}

interface Accounts {
  waiting: SimAccount
  expired: SimAccount
  saved: SimAccount
}

/** The kill and the restart. Times are epoch ms. */
interface Outage {
  notDispatched: number
  killedAt: number
  startedAt: number
  readyAt: number
  memory: { before: number; after: number }
}

interface StoredRuns {
  app: string
  runs: string | number
  skipped: string | number
}

/**
 * Lets runs wait, kills the whole program, starts it again after their steps became due, and reads what was sent. Uses
 * PGlite.
 * @param requested followers of the account `WAITING`
 */
export async function measureRestart(requested: number, print: (line: string) => void): Promise<Restart> {
  const { env, dataDir, cleanUp } = await isolatedSettings()
  const settings = { ...env, SIMULATOR: 'off', LOG_LEVEL: 'error' }
  const base = `http://127.0.0.1:${env.PORT}`
  const program = spawnProgram('src/start.ts', settings)
  await waitUntilReady(program)
  const wechat = await startWechat({ base })
  const accounts: Accounts = {
    waiting: await wechat.addAccount(WAITING, 'classic-48h'),
    expired: await wechat.addAccount(EXPIRED, 'wechat-2023'),
    saved: await wechat.addAccount(SAVED, 'wechat-2023'),
  }
  const killInS = Math.ceil(requested / STARTS_PER_S) - SCHEDULE.expired + 5
  await wechat.publish(series('waiting', WAITING, killInS + SCHEDULE.due, 'waited'))
  await wechat.publish(series('expired', EXPIRED, -SCHEDULE.expired + SCHEDULE.due - 10, 'too late'))
  await wechat.publish(series('saved', SAVED, -SCHEDULE.saved + SCHEDULE.due - 5, 'just in time'))

  const killAt = Date.now() + killInS * 1_000
  const oneMinuteFollowers = Math.min(ONE_MINUTE_FOLLOWERS, requested)
  print(`  ${requested} follow; the kill is in ${killInS} s`)
  const runs = await followUntil(killAt, accounts, { requested, oneMinuteFollowers }, print)
  const outage = await killAndRestart({ program, settings, base, killAt, accounts }, print)
  await wechat.close()
  const stored = await readRuns(dataDir)
  cleanUp()
  return summarise(accounts, { runs, oneMinuteFollowers }, outage, stored)
}

/** Sends all follows up to `killAt`. Returns the number of runs of the account `WAITING`. */
async function followUntil(
  killAt: number,
  { waiting, expired, saved }: Accounts,
  { requested, oneMinuteFollowers }: { requested: number; oneMinuteFollowers: number },
  print: (line: string) => void,
): Promise<number> {
  const burst = { count: requested, seconds: Math.max(10, requested / 800) }
  const { undelivered } = await sendFollows(waiting, 'Waiting', burst)
  if (undelivered.length > 0) print(`  WeChat could not deliver ${undelivered.length} of them`)
  await sleepUntil(killAt + SCHEDULE.expired * 1_000)
  await sendFollows(expired, 'Expired', { count: oneMinuteFollowers, seconds: 2 })
  await sleepUntil(killAt + SCHEDULE.saved * 1_000)
  await sendFollows(saved, 'Saved', { count: oneMinuteFollowers, seconds: 2 })
  await sleepUntil(killAt)
  return requested - undelivered.length
}

/** Kills the program, starts it again at its time, and waits until every run has ended. */
async function killAndRestart(
  {
    program,
    settings,
    base,
    killAt,
    accounts,
  }: { program: Program; settings: Record<string, string>; base: string; killAt: number; accounts: Accounts },
  print: (line: string) => void,
): Promise<Outage> {
  const notDispatched = await countPending(base)
  const sentBefore = sentBy(accounts.waiting).length
  const before = peakOf(program)
  program.process.kill('SIGKILL')
  await program.exited
  const killedAt = Date.now()
  print(`  killed with ${notDispatched} in the inbox and ${sentBefore} sent`)

  await sleepUntil(killAt + SCHEDULE.back * 1_000)
  const startedAt = Date.now()
  const restarted = spawnProgram('src/start.ts', settings)
  await waitUntilReady(restarted)
  const readyAt = Date.now()
  if (!(await waitUntilAllEnded(base))) print(`  no run ended for ${STALL_TIMEOUT_MS / 1_000} s`)
  const after = peakOf(restarted)
  restarted.process.kill('SIGTERM')
  await restarted.exited
  return { notDispatched, killedAt, startedAt, readyAt, memory: { before, after } }
}

/** The stored runs, and those with a skipped first step, by account. */
async function readRuns(dataDir: string): Promise<StoredRuns[]> {
  const store = await openStore({ dataDir })
  const { rows } = await execute<StoredRuns & Record<string, unknown>>(
    store.db,
    sql`SELECT r.app_id AS app, count(*) AS runs,
        count(*) FILTER (WHERE r.state->'steps'->0->>'state' = 'skipped') AS skipped
      FROM runs r GROUP BY r.app_id`,
  )
  await store.close()
  return rows
}

function summarise(
  { waiting, expired, saved }: Accounts,
  { runs, oneMinuteFollowers: followers }: { runs: number; oneMinuteFollowers: number },
  { notDispatched, killedAt, startedAt, readyAt, memory }: Outage,
  stored: readonly StoredRuns[],
): Restart {
  const storedRuns = stored.reduce((sum, r) => sum + Number(r.runs), 0)
  const sent = countOpenIds(waiting)
  const sentAfterKill = sentBy(waiting).filter((s) => s.at >= killedAt)
  const savedSends = sentBy(saved)
  const secondsAfterReady = (ms: number) => (ms - readyAt) / 1_000
  return {
    runs,
    notDispatched,
    outageS: (startedAt - killedAt) / 1_000,
    readyAfterS: (readyAt - startedAt) / 1_000,
    firstSentS: secondsAfterReady(Math.min(...sentAfterKill.map((s) => s.at))),
    allSentS: secondsAfterReady(Math.max(...sentAfterKill.map((s) => s.at))),
    sent,
    twice: countRepeated(waiting) + countRepeated(expired) + countRepeated(saved),
    lost: runs + 2 * followers - storedRuns + (runs - sent),
    expired: {
      followers,
      skipped: Number(stored.find((r) => r.app === EXPIRED)?.skipped ?? 0),
      calls: expired.sends.length,
    },
    saved: {
      followers,
      sent: savedSends.length,
      refused: saved.sends.length - savedSends.length,
      lastSentS: secondsAfterReady(Math.max(...savedSends.map((s) => s.at))),
    },
    memory,
  }
}

const sentBy = (account: SimAccount) => account.sends.filter((s) => s.errcode === 0)
const countOpenIds = (account: SimAccount) => new Set(sentBy(account).map((s) => s.openId)).size
const countRepeated = (account: SimAccount) => sentBy(account).length - countOpenIds(account)

function sleepUntil(at: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, at - Date.now())))
}

export function rowsOfRestart(r: Restart): Row[] {
  const name = `kill -9 with ${r.runs.toLocaleString('en')} runs waiting`
  const s = (x: number) => (Number.isFinite(x) ? `${x.toFixed(1)} s` : 'none')
  return [
    [`${name}: outage, then \`ready\` after`, `${s(r.outageS)}, ${s(r.readyAfterS)}`],
    [`${name}: events in the inbox at the kill`, `${r.notDispatched}`],
    [`${name}: first due step sent, after \`ready\``, s(r.firstSentS)],
    [`${name}: all due steps sent, after \`ready\``, s(r.allSentS)],
    [`${name}: sent / lost / twice`, `${r.sent} / ${r.lost} / ${r.twice}`],
    [
      `${name}: grant expired in the outage: skipped / calls to WeChat`,
      `${r.expired.skipped} of ${r.expired.followers} / ${r.expired.calls}`,
    ],
    [
      `${name}: grant valid after the outage: sent / rejected / last one sent, after \`ready\``,
      `${r.saved.sent} of ${r.saved.followers} / ${r.saved.refused} / ${s(r.saved.lastSentS)}`,
    ],
    [`${name}: peak memory before / after`, `${r.memory.before} / ${r.memory.after} MiB`],
  ].map(([what = '', value = '']) => ({ what, value, command: `npm run load -- restart --runs ${r.runs}` }))
}
