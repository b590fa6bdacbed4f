import type { Client } from '@temporalio/client'
import type { EngineHome } from '../engine/home.ts'
import { parallel } from '../engine/parallel.ts'
import type { Runs } from '../engine/runs.ts'
import type { Log } from '../log.ts'
import type { Db } from '../store/db.ts'
import { readEngineHome, settleEngine, wishEngine } from '../store/engine-home.ts'
import { readFollower } from '../store/followers.ts'
import { heardSince } from '../store/inbox.ts'
import { activeRunsAfter, type RunRow } from '../store/runs.ts'
import { allowanceOf, type RulesProfileName } from '../wechat/rules.ts'
import type { PeriodicJob } from './periodic.ts'
import { createStrays } from './strays.ts'

const PAGE = 200
const AT_ONCE = 20
/** Shorter than the lease. */
const ROUND_MS = 60_000

/**
 * Once an operator has accepted an engine: starts each active run that it lacks from its row, repeats to each what its
 * follower did since the run began (a run forgets nothing that it has heard, and hears nothing twice), asks every open run
 * to write what the store may lack, and then makes that engine the store's. Steps that were sent stay sent: the delivery
 * rows say so. A round that dies is taken up where it was.
 */
export function createEngineRestore(deps: {
  db: Db
  client: Client
  runs: Runs
  home: Pick<EngineHome, 'look'>
  rulesOf(appId: string): RulesProfileName | Promise<RulesProfileName>
  now: () => number
  log: Log
}): PeriodicJob {
  const { db, runs, home, now, log } = deps
  const strays = createStrays(deps)

  async function restore(row: RunRow): Promise<boolean> {
    const started = await runs.restore(row)
    if (!started && (await runs.describe(row))?.runKey !== row.runKey) return false
    const [heard, rules, follower] = await Promise.all([
      heardSince(db, row, row.entry),
      deps.rulesOf(row.appId),
      readFollower(db, row),
    ])
    for (const { kind, key, createTime: at, id: seq, event } of heard) {
      if (kind === 'unsubscribe') await runs.signal(row, 'unsubscribed', { at, seq, key })
      else if (event?.scene) {
        const { scene, aheadMs } = event
        const when = { at, seq, ...(aheadMs ? { aheadMs } : {}) }
        const allowance = allowanceOf(rules, scene)
        // What was said is forgotten once it is dispatched; that something was said is not.
        await runs.signal(row, 'interaction', { ...when, key, scene, allowance, text: null })
      }
    }
    if (follower?.agent) {
      const { agentAt: at, agentSeq: seq } = follower
      await runs.signal(row, 'agent', { open: true, ...(at === null ? {} : { at, seq: seq ?? -1 }) })
    }
    return started
  }

  return {
    name: 'restore-engine',
    everyMs: 4_000,
    leaseMs: 120_000,
    async run() {
      const { state, namespaceId } = await home.look(0)
      const { wish } = await readEngineHome(db)
      if (state !== 'restoring' || !wish || namespaceId !== wish.namespaceId) return
      const until = performance.now() + ROUND_MS
      let { after } = wish
      let started = 0
      for (;;) {
        const page = await activeRunsAfter(db, after, PAGE)
        await parallel(page, AT_ONCE, async (row) => {
          if (await restore(row)) started += 1
        })
        after = page.at(-1)?.runKey ?? after
        if (page.length < PAGE) break
        await wishEngine(db, { namespaceId, after }, now())
        if (performance.now() > until) return
      }
      const asked = await strays.askAll()
      await settleEngine(db, namespaceId, now())
      log.warn(
        { namespaceId, started, asked },
        'engine: accepted; runs that it lacked were started from the store',
      )
    },
  }
}
