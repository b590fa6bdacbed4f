import type { Plan } from '../campaign/plan.ts'
import { beginRun, endRun } from '../campaign/state.ts'
import { endRemovedRun } from '../engine/account-runs.ts'
import { EngineAwayError, type Runs } from '../engine/runs.ts'
import { maskId } from '../ids.ts'
import type { Log } from '../log.ts'
import { writeAudit } from '../store/audit.ts'
import type { Db } from '../store/db.ts'
import { readFollower, saveFollower } from '../store/followers.ts'
import { erasePerson } from '../store/forget.ts'
import { type InboxRow, markDispatched, nextClaimAt, retryLater } from '../store/inbox.ts'
import { ACCOUNT_REMOVED, REMOVED_REASON } from '../store/removed-accounts.ts'
import { insertRun, noteRunId, type RunRow, recordEnd, runsOf, type Whose } from '../store/runs.ts'
import { noTracing, type Span, type Tracing } from '../tracing/tracing.ts'
import type { RulesProfileName } from '../wechat/rules.ts'
import { createClaimer } from './claimer.ts'
import { type Reentry, type Route, type RouteFacts, route } from './route.ts'

/** Few: what waits here, in turns, delays another account less than what waits in a busy Temporal. */
const IN_FLIGHT_MAX = 8
/** While WeChat waits for many answers, which it does for 5 s only, most of the process is theirs. */
const IN_FLIGHT_BUSY = 1
const LEASE_MS = 30_000
/** A row that waited longer than this is asked for at Temporal before it begins a run. */
const FRESH_MS = 30_000
const BUSY_MS = 200
const BACKOFF_MIN_MS = 500
const BACKOFF_MAX_MS = 15_000
/** Longest sleep: rows of a process that died, and those inserted by another one, are found after this at the latest. */
const SWEEP_MS = 5_000

/** What was begun takes longer than one try may; it goes on with the next. */
class NotYetError extends Error {
  override name = 'NotYetError'
}

/** What the dispatcher asks of campaigns and accounts. */
export interface Directory {
  rulesOf(appId: string): RulesProfileName | Promise<RulesProfileName>
  /** A published version, also when it is no longer the newest; null when it is gone. */
  planOf(campaign: string, version: number): Promise<{ plan: Plan; reentry: Reentry } | null>
  isExitText(appId: string, text: string): boolean
  isRegistered(appId: string): boolean | Promise<boolean>
}

export interface Dispatcher {
  start(): void
  /** Looks for work now: called after each insert. */
  nudge(): void
  /** Takes no more work and waits for what is in flight. */
  stop(): Promise<void>
  /** Why nothing goes out at present, or null. */
  waitsFor(): string | null
}

/**
 * Moves accepted events from the inbox to Temporal: for ever, with backoff, many followers at once, each follower's
 * events in order. Several instances share one inbox.
 */
export function createDispatcher(deps: {
  db: Db
  runs: Runs
  directory: Directory
  /** Names this instance in leases. */
  by: string
  now: () => number
  log: Log
  onStarted?: () => void
  /** False while Temporal is away, or another one than the store's runs live in: events are kept. */
  mayDispatch?: () => Promise<boolean>
  /** Whether many callbacks wait to be stored in this process. */
  isBusy?: () => boolean
  tracing?: Tracing
}): Dispatcher {
  const { db, runs, directory, by, now, log, isBusy = () => false, tracing = noTracing } = deps
  const claim = createClaimer({ db, by, now, leaseMs: LEASE_MS })
  const inFlight = new Set<Promise<void>>()
  let running = false
  let claiming = false
  let again = false
  let timer: NodeJS.Timeout | undefined
  let trouble: { what: string; backoffMs: number; until: number } | null = null

  const nudge = () => {
    if (!running) return
    if (claiming) {
      again = true
      return
    }
    claiming = true
    void claimAndDispatch().finally(() => {
      claiming = false
      if (again) {
        again = false
        nudge()
      }
    })
  }

  async function claimAndDispatch(): Promise<void> {
    clearTimeout(timer)
    const busy = isBusy()
    const room = (busy ? IN_FLIGHT_BUSY : IN_FLIGHT_MAX) - inFlight.size
    const waitMs = trouble ? trouble.until - now() : 0
    // Longer than any backoff: the clock was put back meanwhile.
    if (trouble && waitMs > 0 && waitMs <= BACKOFF_MAX_MS) return sleepUntil(trouble.until)
    if (room <= 0) {
      // Looks again by itself: the last callback of a flood may be a duplicate, which nudges nobody.
      if (busy) sleepUntil(now() + BUSY_MS)
      return
    }
    const may = deps.mayDispatch ? await deps.mayDispatch() : true
    if (!running) return
    if (!may) {
      if (!trouble)
        log.warn('dispatcher: Temporal is away, or not the one of our runs; events are kept in the inbox')
      return sleepUntil(engineIsAway('Temporal is away, or not the one of our runs'))
    }
    try {
      const rows = await claim(trouble ? 1 : room)
      for (const row of rows) take(row)
      if (rows.length > 0) again = true
      else sleepUntil((await nextClaimAt(db)) ?? now() + SWEEP_MS)
    } catch (err) {
      log.error({ err }, 'dispatcher: the store does not answer')
      sleepUntil(now() + BACKOFF_MIN_MS)
    }
  }

  function sleepUntil(at: number): void {
    if (!running) return
    clearTimeout(timer)
    timer = setTimeout(nudge, Math.min(SWEEP_MS, Math.max(20, at - now())))
  }

  function take(row: InboxRow): void {
    const work = traced(row)
      .then(recovered, (err) => postpone(row, err))
      .catch((err) =>
        log.error(
          { err, key: row.key, inbox: row.id },
          'dispatcher: a row keeps its lease until it runs out',
        ),
      )
      .finally(() => {
        inFlight.delete(work)
        nudge()
      })
    inFlight.add(work)
  }

  function recovered(): void {
    if (trouble) log.info('dispatcher: Temporal answers again')
    trouble = null
  }

  async function postpone(row: InboxRow, err: unknown): Promise<void> {
    const message = err instanceof Error ? err.message : String(err)
    const backoffMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(row.attempts - 1, 10))
    if (err instanceof EngineAwayError) {
      if (!trouble)
        log.warn({ reason: message }, 'dispatcher: waiting for Temporal; events are kept in the inbox')
      await retryLater(db, row.id, engineIsAway(message), message)
      return
    }
    if (!(err instanceof NotYetError))
      log.error(
        { err, key: row.key, inbox: row.id, follower: maskId(row.openId) },
        'dispatcher: an event could not be dispatched',
      )
    await retryLater(db, row.id, now() + backoffMs, message)
  }

  /** Nothing goes out until the time that this gives: each time twice as long, up to a limit. */
  function engineIsAway(what: string): number {
    const backoffMs = Math.min(BACKOFF_MAX_MS, (trouble?.backoffMs ?? BACKOFF_MIN_MS / 2) * 2)
    const until = now() + backoffMs
    trouble = { what, backoffMs, until }
    return until
  }

  /** In the trace of the callback; a try that fails is a span too. */
  function traced(row: InboxRow): Promise<void> {
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
    if (result === 'started' && follower?.agent) await runs.signal(whose, 'agent', { open: true })
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
      await insertRun(db, whose, start, action.ledger, now())
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
        return (await runs.signal(whose, 'agent', { open: action.open })) === 'ok' ? 'signalled' : 'no-run'
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

  async function begin(
    whose: Whose,
    row: InboxRow,
    { event, ledger }: Extract<Route['action'], { do: 'start' | 'interact' }>,
  ): Promise<string> {
    const { start } = event
    if (!start) return 'no-run'
    // Not the first try, or an old one that the store forgot when it was restored: the run may have begun, even be over.
    const perhapsBegun = row.attempts > 1 || now() - row.receivedAt > FRESH_MS
    const known = perhapsBegun ? await runs.describe(whose) : null
    await insertRun(db, whose, start, ledger, now())
    if (known?.runKey === row.key) {
      await noteRunId(db, row.key, known.runId)
      return 'started'
    }
    const { runId } = await runs.startOrSignal(whose, start, event, ledger)
    await noteRunId(db, row.key, runId)
    return 'started'
  }

  return {
    start() {
      running = true
      nudge()
    },
    nudge,
    async stop() {
      running = false
      clearTimeout(timer)
      await Promise.allSettled(inFlight)
    },
    waitsFor: () => trouble?.what ?? null,
  }
}
