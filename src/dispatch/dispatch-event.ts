import type { Plan, RunStart } from '../run/plan.ts'
import { beginRun, endRun } from '../run/state.ts'
import { maskId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { ACCOUNT_REMOVED, REMOVED_REASON } from '../store/accounts/removed-accounts.ts'
import type { Db } from '../store/db.ts'
import { type InboxRow, markDispatched } from '../store/inbox/inbox-rows.ts'
import { eraseFollower } from '../store/runs/erase-follower.ts'
import { readFollower, saveFollower } from '../store/runs/follower-rows.ts'
import {
  endRunFromOutside,
  type FollowerKey,
  insertRun,
  type RunRow,
  recordRunId,
  runsByFollower,
} from '../store/runs/run-rows.ts'
import { writeAudit } from '../store/users/audit-log.ts'
import { endRemovedRun } from '../temporal/account-runs.ts'
import type { RunClient } from '../temporal/run-client.ts'
import { noopTracing, type Span, type Tracing } from '../tracing/tracing.ts'
import type { Ledger } from '../wechat/rules/ledger.ts'
import type { RulesProfileName } from '../wechat/rules/rules.ts'
import { type DispatchContext, type DispatchPlan, planDispatch, type Reentry } from './plan-dispatch.ts'

/** A row that waited longer than this is asked for at Temporal before it begins a run. */
const RECENT_MS = 30_000

/** What was begun takes longer than one try may; it goes on with the next. */
export class InProgressError extends Error {
  override name = 'NotYetError'
}

/** What dispatching asks of campaigns and accounts. */
export interface DispatchConfig {
  rulesOf(appId: string): RulesProfileName | Promise<RulesProfileName>
  /** A published version, also when it is no longer the newest; null when it is gone. */
  planOf(campaign: string, version: number): Promise<{ plan: Plan; reentry: Reentry } | null>
  isExitText(appId: string, text: string): boolean
  isRegistered(appId: string): boolean | Promise<boolean>
}

export interface DispatchDeps {
  db: Db
  runs: RunClient
  config: DispatchConfig
  now: () => number
  log: Log
  onStarted?: () => void
  tracing?: Tracing
}

/**
 * Carries one accepted event to Temporal and into the store: begins a run, tells one, or neither. Safe to repeat: what a
 * try before had done is found.
 * @returns a function that rejects with `TemporalUnavailableError`, `NotYetError` or what went wrong; the row is not dispatched then
 */
export function createDispatchEvent(deps: DispatchDeps): (row: InboxRow) => Promise<void> {
  const { db, runs, config: directory, now, log, tracing = noopTracing } = deps

  /** In the trace of the callback; a try that fails is a span too. */
  return function traced(row: InboxRow): Promise<void> {
    const { key, appId, openId, kind, attempts } = row
    const attributes = { key, appId, follower: maskId(openId), kind, attempt: attempts }
    const parent = row.event?.trace ?? null
    return tracing.span({ name: 'dispatch', kind: 'consumer', parent, attributes }, (span) =>
      dispatch(row, span),
    )
  }

  async function dispatch(row: InboxRow, span: Span): Promise<void> {
    const follower = { appId: row.appId, openId: row.openId }
    const { start } = row.event ?? {}
    const [followerRow, recent, rules, matched] = await Promise.all([
      readFollower(db, follower),
      runsByFollower(db, follower),
      directory.rulesOf(row.appId),
      start ? directory.planOf(start.campaign, start.version) : null,
    ])
    if (row.result === ACCOUNT_REMOVED || !(await directory.isRegistered(row.appId))) {
      return skipRemovedAccount(follower, row, { follower: followerRow, runs: recent, rules, matched })
    }
    const isExitText = (text: string) => directory.isExitText(row.appId, text)
    const { patch, action } = planDispatch({
      row,
      follower: followerRow,
      runs: recent,
      rules,
      matched,
      isExitText,
    })
    if (action.do === 'forget') return eraseFollowerData(follower, row)
    if (start && !matched) {
      log.error(
        { ...start, key: row.key, appId: row.appId, follower: maskId(row.openId) },
        'dispatcher: an entry begins nothing: its campaign version cannot be read',
      )
    }
    if (action.do === 'start') await endRunOfRemovedAccount(follower, row, recent)
    const result = await perform(follower, row, action)
    await db.transaction(async (tx) => {
      if (Object.keys(patch).length > 0) await saveFollower(tx, follower, patch, now())
      await markDispatched(tx, row.id, result, now())
    })
    // What was only heard went to the newest run.
    const run = result === 'started' ? row.key : result === 'signalled' ? recent[0]?.runKey : undefined
    const { appId, openId } = follower
    span.setAttributes({ run, result })
    log.info(
      { key: row.key, run, appId, follower: maskId(openId), kind: row.kind, result },
      'event dispatched',
    )
    if (result === 'started') deps.onStarted?.()
  }

  /** The run first: while it lives it would write the person into the store again. */
  async function eraseFollowerData(follower: FollowerKey, row: InboxRow): Promise<void> {
    if (!(await runs.cancelForErasure(follower))) throw new InProgressError('the run is still ending')
    await db.transaction((tx) => eraseFollower(tx, follower))
    if (!(await runs.deleteHistories(follower))) throw new InProgressError('histories are not gone yet')
    await db.transaction(async (tx) => {
      await markDispatched(tx, row.id, 'forgotten', now())
      await eraseFollower(tx, follower)
      const target = `${follower.appId}/${maskId(follower.openId)}`
      await writeAudit(tx, { actor: 'dispatcher', action: 'follower.forgotten', target, at: now() })
    })
    log.info(
      { appId: follower.appId, follower: maskId(follower.openId), by: row.kind },
      'follower data erased',
    )
  }

  /** The account was removed after this event was accepted: what it would have begun is over before it begins. */
  async function skipRemovedAccount(
    follower: FollowerKey,
    row: InboxRow,
    context: Pick<DispatchContext, 'follower' | 'runs' | 'rules' | 'matched'>,
  ): Promise<void> {
    const { action } = planDispatch({ row, ...context, isExitText: () => false })
    if (action.do === 'start' && action.event.start) {
      const { start } = action.event
      await insertRunRow(follower, start, action.ledger)
      const state = endRun(
        beginRun(start.plan, start.entry, action.ledger),
        'account-stopped',
        REMOVED_REASON,
        now(),
      )
      await endRunFromOutside(db, row.key, 0, state, now())
    }
    await markDispatched(db, row.id, ACCOUNT_REMOVED, now())
  }

  async function perform(
    follower: FollowerKey,
    row: InboxRow,
    action: Exclude<DispatchPlan['action'], { do: 'forget' }>,
  ): Promise<string> {
    switch (action.do) {
      case 'nothing':
        return action.result
      case 'unsubscribe':
        return (await runs.signal(follower, 'unsubscribed', action.event)) === 'ok' ? 'signalled' : 'no-run'
      case 'agent':
        return (await runs.signal(follower, 'agentSession', action.change)) === 'ok' ? 'signalled' : 'no-run'
      case 'interact': {
        if ((await runs.signal(follower, 'interaction', action.event)) === 'ok') return 'signalled'
        return action.event.start ? startRun(follower, row, action) : 'no-run'
      }
      case 'start':
        return startRun(follower, row, action)
      default:
        return action satisfies never
    }
  }

  /**
   * The account was removed and added again, and the run before may not have heard of it yet: it would take the entry for an
   * interaction of its own.
   */
  async function endRunOfRemovedAccount(
    follower: FollowerKey,
    row: InboxRow,
    recent: readonly RunRow[],
  ): Promise<void> {
    const before = recent.find((r) => r.runKey !== row.key)
    if (before?.outcome === 'account-stopped') await endRemovedRun(runs, follower, before.runId)
  }

  async function insertRunRow(follower: FollowerKey, start: RunStart, ledger: Ledger): Promise<void> {
    const stored = await insertRun(db, follower, start, ledger, now())
    if (stored === 'whole') return
    const { key } = start.entry
    log.error(
      { key, run: key, appId: follower.appId, follower: maskId(follower.openId), kept: stored },
      'dispatcher: the store refused a run for good as it is; the run begins all the same',
    )
  }

  async function startRun(
    follower: FollowerKey,
    row: InboxRow,
    { event, ledger, agent }: Extract<DispatchPlan['action'], { do: 'start' | 'interact' }>,
  ): Promise<string> {
    const { start } = event
    if (!start) return 'no-run'
    // Not the first try, or an old one that the store forgot when it was restored: the run may have begun, even be over.
    const mayHaveStarted = row.attempts > 1 || now() - row.receivedAt > RECENT_MS
    const existing = mayHaveStarted ? await runs.describe(follower) : null
    await insertRunRow(follower, start, ledger)
    if (existing?.runKey === row.key) {
      await recordRunId(db, row.key, existing.runId)
      return 'started'
    }
    const { runId } = await runs.startOrSignal(follower, start, event, ledger, agent)
    await recordRunId(db, row.key, runId)
    return 'started'
  }
}
