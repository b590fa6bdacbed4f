import { type FollowerKey, maskId } from '../shared/ids.ts'
import { ACCOUNT_REMOVED } from '../store/accounts/removed-accounts.ts'
import { type InboxRow, markDispatched } from '../store/inbox/inbox-rows.ts'
import { readFollower, saveFollower } from '../store/runs/follower-rows.ts'
import { runsByFollower } from '../store/runs/run-rows.ts'
import { noopTracing, type Span } from '../tracing/tracing.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import { eraseOnRequest } from './erase-on-request.ts'
import { type DispatchContext, type DispatchPlan, planDispatch } from './plan-dispatch.ts'
import { endRunOfRemovedAccount, skipRemovedAccount, startRun } from './start-run.ts'

/**
 * Dispatches one accepted event: starts a run, signals one, or neither, and records the result in the store. Safe to repeat: a
 * retry finds what an earlier attempt has done.
 * @throws TemporalUnavailableError, InProgressError or another error; the row then stays undispatched
 */
export function dispatchEvent(deps: DispatchDeps, row: InboxRow): Promise<void> {
  const { dedupeKey: key, appId, openId, kind, attempts } = row
  const attributes = { key, appId, follower: maskId(openId), kind, attempt: attempts }
  // Part of the trace of the callback. A failed attempt is a span too.
  const parent = row.event?.trace ?? null
  const { tracing = noopTracing } = deps
  return tracing.span({ name: 'dispatch', kind: 'consumer', parent, attributes }, (span) =>
    dispatch(deps, row, span),
  )
}

async function dispatch(deps: DispatchDeps, row: InboxRow, span: Span): Promise<void> {
  const { db, config, now, log } = deps
  const follower: FollowerKey = { appId: row.appId, openId: row.openId }
  const known = await readKnown(deps, follower, row)
  if (row.result === ACCOUNT_REMOVED || !(await config.isRegistered(row.appId))) {
    return skipRemovedAccount(deps, follower, row, known)
  }
  const isExitText = (text: string) => config.isExitText(row.appId, text)
  const { patch, action } = planDispatch({ row, ...known, isExitText })
  if (action.do === 'erase') return eraseOnRequest(deps, follower, row)

  const start = row.event?.start
  const about = { key: row.dedupeKey, appId: row.appId, follower: maskId(row.openId) }
  if (start && !known.matched) {
    log.error(
      { ...start, ...about },
      'dispatcher: no run started because the campaign version cannot be read',
    )
  }
  if (action.do === 'start') await endRunOfRemovedAccount(deps, follower, row, known.runs)
  const result = await perform(deps, follower, row, action)
  await db.transaction(async (tx) => {
    if (Object.keys(patch).length > 0) await saveFollower(tx, follower, patch, now())
    await markDispatched(tx, row.id, result, now())
  })
  // The newest run received the signal.
  const run =
    result === 'started' ? row.dedupeKey : result === 'signalled' ? known.runs[0]?.runKey : undefined
  span.setAttributes({ run, result })
  log.info({ ...about, run, kind: row.kind, result }, 'event dispatched')
  if (result === 'started') deps.onStarted?.()
}

/** Reads what the store and the campaigns know about the follower and the event. */
async function readKnown({ db, config }: DispatchDeps, follower: FollowerKey, row: InboxRow) {
  const start = row.event?.start
  const [followerRow, runs, rules, matched] = await Promise.all([
    readFollower(db, follower),
    runsByFollower(db, follower),
    config.rulesOf(row.appId),
    start ? config.planOf(start.campaign, start.version) : null,
  ])
  return { follower: followerRow, runs, rules, matched } satisfies Partial<DispatchContext>
}

/** Executes the planned action. @returns the result for the inbox row */
async function perform(
  deps: DispatchDeps,
  follower: FollowerKey,
  row: InboxRow,
  action: Exclude<DispatchPlan['action'], { do: 'erase' }>,
): Promise<string> {
  const { runs } = deps
  switch (action.do) {
    case 'nothing':
      return action.result
    case 'unsubscribe':
      return (await runs.signal(follower, 'unsubscribed', action.event)) === 'ok' ? 'signalled' : 'no-run'
    case 'agent':
      return (await runs.signal(follower, 'agentSession', action.change)) === 'ok' ? 'signalled' : 'no-run'
    case 'interact': {
      if ((await runs.signal(follower, 'interaction', action.event)) === 'ok') return 'signalled'
      return action.event.start ? startRun(deps, follower, row, action) : 'no-run'
    }
    case 'start':
      return startRun(deps, follower, row, action)
    default:
      return action satisfies never
  }
}
