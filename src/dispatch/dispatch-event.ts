import { correctedTime } from '../run/plan.ts'
import { type FollowerKey, maskId } from '../shared/ids.ts'
import { ACCOUNT_REMOVED } from '../store/accounts/removed-accounts.ts'
import type { ClaimedEvent, RecentRun } from '../store/inbox/claim-events.ts'
import { finishDispatch } from '../store/inbox/finish-dispatch.ts'
import type { SignalResult } from '../temporal/run-client.ts'
import { noopTracing, type Span } from '../tracing/tracing.ts'
import { clockOffsetOf, type DispatchContext, type DispatchPlan } from './dispatch-context.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import { eraseOnRequest } from './erase-on-request.ts'
import { InProgressError } from './in-progress.ts'
import { planDispatch } from './plan-dispatch.ts'
import { endRunBefore, skipRemovedAccount, startRun } from './start-run.ts'

/**
 * Dispatches one accepted event: starts a run, signals one, or neither, and records the result in the store. Safe to repeat: a
 * retry finds what an earlier attempt has done.
 * @throws TemporalUnavailableError, InProgressError or another error; the row then stays undispatched
 */
export function dispatchEvent(deps: DispatchDeps, row: ClaimedEvent): Promise<void> {
  const { dedupeKey: key, appId, openId, kind, attempts } = row
  const attributes = { key, appId, follower: maskId(openId), kind, attempt: attempts }
  // Part of the trace of the callback. A failed attempt is a span too.
  const parent = row.event?.trace ?? null
  const { tracing = noopTracing } = deps
  return tracing.span({ name: 'dispatch', kind: 'consumer', parent, attributes }, (span) =>
    dispatch(deps, row, span),
  )
}

async function dispatch(deps: DispatchDeps, row: ClaimedEvent, span: Span): Promise<void> {
  const { db, config, now, log } = deps
  const follower: FollowerKey = { appId: row.appId, openId: row.openId }
  const known = await readContext(deps, row)
  if (row.result === ACCOUNT_REMOVED || !(await config.isRegistered(row.appId))) {
    return skipRemovedAccount(deps, follower, row, known)
  }
  const { patch, action, goals = [] } = planDispatch({ row, ...known, words: config.optOutWords(row.appId) })
  if (action.do === 'erase') return eraseOnRequest(deps, follower, row)
  if (action.do === 'retry') throw new InProgressError('the run before is still ending')

  const start = row.event?.start
  const about = { key: row.dedupeKey, appId: row.appId, follower: maskId(row.openId) }
  if (start && !known.matched) {
    log.error(
      { ...start, ...about },
      'dispatcher: no run started because the campaign version cannot be read',
    )
  }
  if (action.do === 'start') await endRunBefore(deps, follower, row, known.runs)
  const { result, started = null } = await perform(deps, follower, row, action)
  const unfollowed = action.do === 'unsubscribe' ? unfollowOf(row, known.runs) : undefined
  await finishDispatch(db, { id: row.id, result, follower, patch, started, goals, unfollowed }, now())
  // The newest run received the signal.
  const run =
    result === 'started' ? row.dedupeKey : result === 'signalled' ? known.runs[0]?.runKey : undefined
  span.setAttributes({ run, result })
  log.info({ ...about, run, kind: row.kind, result }, 'event dispatched')
  if (result === 'started') deps.onStarted?.()
}

/** The unfollow of the newest run's follower. */
function unfollowOf(row: ClaimedEvent, [newest]: readonly RecentRun[]) {
  const at = correctedTime({ at: row.createTime, ...clockOffsetOf(row) })
  return newest && { runKey: newest.runKey, at }
}

/** Adds the rules and the campaign version to what the store knew when the event was claimed. */
async function readContext({ config }: DispatchDeps, row: ClaimedEvent) {
  const start = row.event?.start
  const [rules, matched] = await Promise.all([
    config.rulesOf(row.appId),
    start ? config.planOf(start.campaign, start.version, row.appId, row.createTime) : null,
  ])
  return { ...row.known, rules, matched } satisfies Partial<DispatchContext>
}

/** `result`: for the inbox row. `started`: the run that the event started. */
interface Performed {
  result: string
  started?: { runKey: string; runId: string } | null
}

/** Executes the planned action. */
async function perform(
  deps: DispatchDeps,
  follower: FollowerKey,
  row: ClaimedEvent,
  action: Exclude<DispatchPlan['action'], { do: 'erase' | 'retry' }>,
): Promise<Performed> {
  const { runs } = deps
  switch (action.do) {
    case 'nothing':
      return { result: action.result }
    case 'unsubscribe':
      return { result: resultOf(await runs.signal(follower, 'unsubscribed', action.event)) }
    case 'agent':
      return { result: resultOf(await runs.signal(follower, 'agentSession', action.change)) }
    case 'tell':
      return { result: resultOf(await runs.signal(follower, 'told', action.told)) }
    case 'interact': {
      const answer = await runs.signal(follower, 'interaction', action.event)
      return answer === 'not-open' && action.event.start
        ? startRun(deps, follower, row, action)
        : { result: resultOf(answer) }
    }
    case 'start':
      return startRun(deps, follower, row, action)
    default:
      return action satisfies never
  }
}

const resultOf = (answer: SignalResult) => (answer === 'ok' ? 'signalled' : 'no-run')
