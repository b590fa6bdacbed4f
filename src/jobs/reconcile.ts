import type { Client } from '@temporalio/client'
import { isOlder } from '../campaign/plan.ts'
import { endRun, type RunState } from '../campaign/state.ts'
import type { EngineHome } from '../engine/home.ts'
import type { Runs } from '../engine/runs.ts'
import { maskId, whoseOf } from '../ids.ts'
import type { Log } from '../log.ts'
import type { Db } from '../store/db.ts'
import { openIntents } from '../store/deliveries.ts'
import { leftOpen } from '../store/removed-accounts.ts'
import { openRunsOf, type RunRow, recordEnd, runsOf, runsToCheck } from '../store/runs.ts'
import type { PeriodicJob } from './periodic.ts'
import { createStrays } from './strays.ts'

const EVERY_MS = 60_000
/** A run younger than this may be about to start, or to write its last word. */
const SETTLED_MS = 60_000
/** How many runs one round asks Temporal about, beside those that it says were closed behind our back. */
const BATCH = 200
const CLOSED_QUERY = (since: string) =>
  `WorkflowType = 'FollowerNurture' AND ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut') AND CloseTime > '${since}'`
/** So many of a round, and more than half of it, are not gone one by one: Temporal has forgotten a time. */
const MANY = 20
const REASON = 'ended in Temporal, not by the campaign'

/**
 * Makes store and Temporal tell the same story again. Runs that are closed or missing in Temporal without a last word
 * (terminated, deleted, the history lost) end as `terminated`: open steps are skipped with that reason, one with an intent
 * and no result is unknown. One that completed while the store forgot it (restored from a backup) ends as it said. Runs
 * that go on in Temporal and that the store does not know, or has ended, are told so. Does nothing while the engine is not
 * the one that the runs live in; and where it does not know many runs at once, it says so instead of ending them.
 */
export function createReconciler(deps: {
  db: Db
  client: Client
  runs: Runs
  home: Pick<EngineHome, 'look' | 'doubt'>
  now: () => number
  log: Log
  onEnded?: () => void
}): PeriodicJob {
  const { db, client, runs, home, now, log } = deps
  let sweptTo = ''
  const strays = createStrays({ db, client, runs, now, log })

  async function check(row: RunRow): Promise<void> {
    const newest = await runs.describe(row)
    if (newest?.open && !(await isPast(row, newest.runKey))) return
    // What this engine does not know is gone only if it is still the one that knew it.
    if ((await home.look(0)).state !== 'home') throw new Error('the engine is no longer the one of our runs')
    const said = newest?.completed && newest.runKey === row.runKey
    const state = said
      ? asItSaid(row.state, await runs.resultOf(row, newest.runId), now())
      : terminated(row.state, await openIntents(db, row.runKey), now())
    if (!(await recordEnd(db, row.runKey, row.seq, state, now()))) return
    const { appId } = row
    log.warn(
      { appId, follower: maskId(row.openId), outcome: state.outcome },
      said ? 'the end of a run was not in the store' : 'a run was ended behind our back',
    )
    if (!said) deps.onEnded?.()
  }

  /** Which of these rows are not plainly under way in Temporal, and how many it does not know at all. */
  async function lookAt(batch: readonly RunRow[]): Promise<{ gone: number; suspects: RunRow[] }> {
    const suspects: RunRow[] = []
    let gone = 0
    for (const row of batch) {
      const newest = await runs.describe(row)
      if (newest === null) gone += 1
      if (!newest?.open || newest.runKey !== row.runKey) suspects.push(row)
    }
    return { gone, suspects }
  }

  /** Whether the open execution has left this run behind. A run that waits until another has closed comes after it. */
  async function isPast(row: RunRow, openKey: string | null): Promise<boolean> {
    if (openKey === row.runKey) return false
    const open = (await runsOf(db, row)).find((r) => r.runKey === openKey)
    return open !== undefined && isOlder(row.entry, open.entry)
  }

  return {
    name: 'reconcile',
    everyMs: EVERY_MS,
    leaseMs: 120_000,
    async run({ lastRunAt }) {
      if ((await home.look(0)).state !== 'home') return
      const since = new Date((lastRunAt ?? 0) - 5 * EVERY_MS).toISOString()
      for await (const closed of client.workflow.list({ query: CLOSED_QUERY(since) })) {
        const whose = whoseOf(closed.workflowId)
        if (whose) for (const row of await openRunsOf(db, whose)) await check(row)
      }
      const batch = await runsToCheck(db, { after: sweptTo, before: now() - SETTLED_MS, limit: BATCH })
      const { gone, suspects } = await lookAt(batch)
      if (gone >= MANY && gone * 2 > batch.length) return home.doubt(gone)
      for (const row of suspects) await check(row)
      sweptTo = batch.length < BATCH ? '' : (batch.at(-1)?.runKey ?? '')
      await strays.sweep()
    },
  }
}

/** The run's last state when nobody is there to say it. */
function terminated(state: RunState, openSteps: readonly string[], at: number): RunState {
  const ended = endRun(state, 'terminated', REASON, at)
  return { ...ended, steps: leftOpen(state, ended, openSteps, 'terminated') }
}

/** The run's last state by what its execution gave back. */
function asItSaid(
  state: RunState,
  { outcome, reason, steps }: Awaited<ReturnType<Runs['resultOf']>>,
  at: number,
): RunState {
  const ended = endRun(state, outcome, reason, at)
  return {
    ...ended,
    steps: ended.steps.map((s) => {
      const said = steps.find((x) => x.id === s.id)
      // The workflow's own words for its steps.
      return said ? { ...s, state: said.state as typeof s.state, reason: said.reason } : s
    }),
  }
}
