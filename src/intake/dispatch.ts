import type { Plan, Start } from '../campaign/plan.ts'
import { beginRun, endRun } from '../campaign/state.ts'
import { endRemovedRun } from '../engine/account-runs.ts'
import type { Runs } from '../engine/runs.ts'
import { maskId } from '../ids.ts'
import type { Log } from '../log.ts'
import { writeAudit } from '../store/audit.ts'
import type { Db } from '../store/db.ts'
import { readFollower, saveFollower } from '../store/followers.ts'
import { erasePerson } from '../store/forget.ts'
import { type InboxRow, markDispatched } from '../store/inbox.ts'
import { ACCOUNT_REMOVED, REMOVED_REASON } from '../store/removed-accounts.ts'
import { insertRun, noteRunId, type RunRow, recordEnd, runsOf, type Whose } from '../store/runs.ts'
import { noTracing, type Span, type Tracing } from '../tracing/tracing.ts'
import type { Ledger } from '../wechat/ledger.ts'
import type { RulesProfileName } from '../wechat/rules.ts'
import { type Reentry, type Route, type RouteFacts, route } from './route.ts'

/** A row that waited longer than this is asked for at Temporal before it begins a run. */
const FRESH_MS = 30_000

/** What was begun takes longer than one try may; it goes on with the next. */
export class NotYetError extends Error {
  override name = 'NotYetError'
}

/** What dispatching asks of campaigns and accounts. */
export interface Directory {
  rulesOf(appId: string): RulesProfileName | Promise<RulesProfileName>
  /** A published version, also when it is no longer the newest; null when it is gone. */
  planOf(campaign: string, version: number): Promise<{ plan: Plan; reentry: Reentry } | null>
  isExitText(appId: string, text: string): boolean
  isRegistered(appId: string): boolean | Promise<boolean>
}

export interface DispatchDeps {
  db: Db
  runs: Runs
  directory: Directory
  now: () => number
  log: Log
  onStarted?: () => void
  tracing?: Tracing
}

/**
 * Carries one accepted event to Temporal and into the store: begins a run, tells one, or neither. Safe to repeat: what a
 * try before had done is found.
 * @returns a function that rejects with `EngineAwayError`, `NotYetError` or what went wrong; the row is not dispatched then
 */
export function createDispatch(deps: DispatchDeps): (row: InboxRow) => Promise<void> {
  const { db, runs, directory, now, log, tracing = noTracing } = deps

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
    const whose = { appId: row.appId, openId: row.openId }
    const { start } = row.event ?? {}
    const [follower, recent, rules, matched] = await Promise.all([
      readFollower(db, whose),
      runsOf(db, whose),
      directory.rulesOf(row.appId),
      start ? directory.planOf(start.campaign, start.version) : null,
    ])
    if (row.result === ACCOUNT_REMOVED || !(await directory.isRegistered(row.appId))) {
      return forgo(whose, row, { follower, runs: recent, rules, matched })
    }
    const isExitText = (text: string) => directory.isExitText(row.appId, text)
    const { patch, action } = route({ row, follower, runs: recent, rules, matched, isExitText })
    if (action.do === 'forget') return forget(whose, row)
    if (start && !matched) {
      log.error(
        { ...start, key: row.key, appId: row.appId, follower: maskId(row.openId) },
        'dispatcher: an entry begins nothing: its campaign version cannot be read',
      )
    }
    if (action.do === 'start') await endLeftover(whose, row, recent)
    const result = await act(whose, row, action)
    await db.transaction(async (tx) => {
      if (Object.keys(patch).length > 0) await saveFollower(tx, whose, patch, now())
      await markDispatched(tx, row.id, result, now())
    })
    // What was only heard went to the newest run.
    const run = result === 'started' ? row.key : result === 'signalled' ? recent[0]?.runKey : undefined
    const { appId, openId } = whose
    span.set({ run, result })
    log.info(
      { key: row.key, run, appId, follower: maskId(openId), kind: row.kind, result },
      'event dispatched',
    )
    if (result === 'started') deps.onStarted?.()
  }

  /** The run first: while it lives it would write the person into the store again. */
  async function forget(whose: Whose, row: InboxRow): Promise<void> {
    if (!(await runs.end(whose))) throw new NotYetError('the run is still ending')
    await db.transaction((tx) => erasePerson(tx, whose))
    if (!(await runs.deleteHistories(whose))) throw new NotYetError('histories are not gone yet')
    await db.transaction(async (tx) => {
      await markDispatched(tx, row.id, 'forgotten', now())
      await erasePerson(tx, whose)
      const target = `${whose.appId}/${maskId(whose.openId)}`
      await writeAudit(tx, { actor: 'dispatcher', action: 'follower.forgotten', target, at: now() })
    })
    log.info({ appId: whose.appId, follower: maskId(whose.openId), by: row.kind }, 'a person was forgotten')
  }

  /** The account was removed after this event was accepted: what it would have begun is over before it begins. */
  async function forgo(
    whose: Whose,
    row: InboxRow,
    facts: Pick<RouteFacts, 'follower' | 'runs' | 'rules' | 'matched'>,
  ): Promise<void> {
    const { action } = route({ row, ...facts, isExitText: () => false })
    if (action.do === 'start' && action.event.start) {
      const { start } = action.event
      await keepRow(whose, start, action.ledger)
      const state = endRun(
        beginRun(start.plan, start.entry, action.ledger),
        'account-stopped',
        REMOVED_REASON,
        now(),
      )
      await recordEnd(db, row.key, 0, state, now())
    }
    await markDispatched(db, row.id, ACCOUNT_REMOVED, now())
  }

  async function act(
    whose: Whose,
    row: InboxRow,
    action: Exclude<Route['action'], { do: 'forget' }>,
  ): Promise<string> {
    switch (action.do) {
      case 'nothing':
        return action.result
      case 'unsubscribe':
        return (await runs.signal(whose, 'unsubscribed', action.event)) === 'ok' ? 'signalled' : 'no-run'
      case 'agent':
        return (await runs.signal(whose, 'agent', action.word)) === 'ok' ? 'signalled' : 'no-run'
      case 'interact': {
        if ((await runs.signal(whose, 'interaction', action.event)) === 'ok') return 'signalled'
        return action.event.start ? begin(whose, row, action) : 'no-run'
      }
      case 'start':
        return begin(whose, row, action)
      default:
        return action satisfies never
    }
  }

  /**
   * The account was removed and added again, and the run before may not have heard of it yet: it would take the entry for an
   * interaction of its own.
   */
  async function endLeftover(whose: Whose, row: InboxRow, recent: readonly RunRow[]): Promise<void> {
    const before = recent.find((r) => r.runKey !== row.key)
    if (before?.outcome === 'account-stopped') await endRemovedRun(runs, whose, before.runId)
  }

  async function keepRow(whose: Whose, start: Start, ledger: Ledger): Promise<void> {
    const kept = await insertRun(db, whose, start, ledger, now())
    if (kept === 'whole') return
    const { key } = start.entry
    log.error(
      { key, run: key, appId: whose.appId, follower: maskId(whose.openId), kept },
      'dispatcher: the store refused a run for good as it is; the run begins all the same',
    )
  }

  async function begin(
    whose: Whose,
    row: InboxRow,
    { event, ledger, agent }: Extract<Route['action'], { do: 'start' | 'interact' }>,
  ): Promise<string> {
    const { start } = event
    if (!start) return 'no-run'
    // Not the first try, or an old one that the store forgot when it was restored: the run may have begun, even be over.
    const perhapsBegun = row.attempts > 1 || now() - row.receivedAt > FRESH_MS
    const known = perhapsBegun ? await runs.describe(whose) : null
    await keepRow(whose, start, ledger)
    if (known?.runKey === row.key) {
      await noteRunId(db, row.key, known.runId)
      return 'started'
    }
    const { runId } = await runs.startOrSignal(whose, start, event, ledger, agent)
    await noteRunId(db, row.key, runId)
    return 'started'
  }
}
