import type { RunStart } from '../run/plan.ts'
import { beginRun } from '../run/run-events.ts'
import { endRun } from '../run/state.ts'
import { type FollowerKey, maskId } from '../shared/ids.ts'
import { SECOND_MS } from '../shared/time-units.ts'
import { ACCOUNT_REMOVED, REMOVED_REASON } from '../store/accounts/removed-accounts.ts'
import type { RecentRun } from '../store/inbox/claim-events.ts'
import { type InboxRow, markDispatched } from '../store/inbox/inbox-rows.ts'
import { endRunFromOutside, insertRun } from '../store/runs/run-rows.ts'
import { endRemovedRun } from '../temporal/account-runs.ts'
import type { Ledger } from '../wechat/rules/ledger.ts'
import { type DispatchContext, type DispatchPlan, NO_OPT_OUT_WORDS } from './dispatch-context.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import { InProgressError } from './in-progress.ts'
import { planDispatch } from './plan-dispatch.ts'

/** For a row that waited longer than this, Temporal is asked whether the run exists before it is started. */
const RECENT_MS = 30 * SECOND_MS

type StartDeps = Pick<DispatchDeps, 'db' | 'runs' | 'config' | 'now' | 'log'>

/** Starts the run of an entry, unless an earlier attempt has started it. */
export async function startRun(
  deps: StartDeps,
  follower: FollowerKey,
  row: InboxRow,
  { event, ledger, agent }: Extract<DispatchPlan['action'], { do: 'start' | 'interact' }>,
): Promise<{ result: string; started: { runKey: string; runId: string } | null }> {
  const { runs, now } = deps
  const { start } = event
  if (!start) return { result: 'no-run', started: null }
  // In a retry, or after the store was restored from a backup, the run may have started already, or even have ended.
  const mayHaveStarted = row.attempts > 1 || now() - row.receivedAt > RECENT_MS
  const existing = mayHaveStarted ? await runs.describe(follower) : null
  await insertRunRow(deps, follower, start, ledger)
  const { runId } =
    existing?.runKey === row.dedupeKey
      ? existing
      : await runs.startOrSignal(follower, { ...event, start }, ledger, agent)
  // The run that is replaced has received the event, and continues as the new one, with another run id.
  const isKnown = event.replaces === undefined || existing?.runKey === row.dedupeKey
  return { result: 'started', started: isKnown ? { runKey: row.dedupeKey, runId } : null }
}

/**
 * Makes sure that the run before this entry, which has ended in the store, does not treat the entry as an interaction while
 * it is still open in Temporal. The run of a removed account may not have received its signal yet. A run that ended by itself
 * writes its end before Temporal knows of it, and may have to repeat its last task, with the entry's signal first.
 * @throws InProgressError while a run that ended by itself is open
 */
export async function endRunBefore(
  { runs }: StartDeps,
  follower: FollowerKey,
  row: InboxRow,
  recent: readonly RecentRun[],
): Promise<void> {
  const before = recent.find((r) => r.runKey !== row.dedupeKey)
  if (before?.outcome === 'account-stopped') return endRemovedRun(runs, follower, before.runId)
  if (before?.outcome !== 'completed' && before?.outcome !== 'window-closed') return
  const newest = await runs.describe(follower)
  if (newest?.open && newest.runKey === before.runKey)
    throw new InProgressError('the run before is still ending')
}

/** Records an event whose account was removed after it was accepted. The run that it would start is recorded as ended. */
export async function skipRemovedAccount(
  deps: StartDeps,
  follower: FollowerKey,
  row: InboxRow,
  known: Pick<DispatchContext, 'follower' | 'runs' | 'rules' | 'matched'>,
): Promise<void> {
  const { db, now } = deps
  const { action } = planDispatch({ row, ...known, words: NO_OPT_OUT_WORDS })
  if (action.do === 'start' && action.event.start) {
    const { start } = action.event
    await insertRunRow(deps, follower, start, action.ledger)
    const begun = beginRun(start.plan, start.entry, action.ledger, start)
    const state = endRun(begun, 'account-stopped', REMOVED_REASON, now())
    await endRunFromOutside(db, row.dedupeKey, 0, state, now())
  }
  await markDispatched(db, row.id, ACCOUNT_REMOVED, now())
}

async function insertRunRow(
  { db, config, now, log }: StartDeps,
  follower: FollowerKey,
  start: RunStart,
  ledger: Ledger,
): Promise<void> {
  const cohort = await config.cohortOf(follower.appId, start)
  const stored = await insertRun(db, follower, start, ledger, now(), cohort)
  if (stored === 'whole') return
  const { key } = start.entry
  log.error(
    { key, run: key, appId: follower.appId, follower: maskId(follower.openId), stored },
    'dispatcher: the store permanently refused the full row of a run; the run starts with a reduced row',
  )
}
