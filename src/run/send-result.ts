import { ERRCODE } from '../wechat/rules/errcodes.ts'
import { closeGrants, exhaustGrant, type Grant, type Ledger, useGrant } from '../wechat/rules/ledger.ts'
import { addWarning, changeStep, doneAt, type RunState, requestStop } from './state.ts'

/**
 * The result of the send activity. `unclear` counts the attempts with an unclear outcome: each may have been delivered, so
 * each counts against the quota. `at` is when the activity ended, epoch ms by the follower's clock.
 */
export type SendResult = {
  unclear: number
  at: number
  /** Shown to operators beside the step's state. */
  warning?: string
  /** The send has written the end of the run too, because this was its last step. */
  completedRun?: true
} & (
  | { result: 'sent' }
  /** WeChat's answer is unknown and no further attempt is allowed. */
  | { result: 'unknown'; reason: string }
  /** Certainly not delivered, and this grant's time is over. Another grant may pay. */
  | { result: 'not-sent'; reason: string; errcode: number | null }
  /** 45015: the reply window is over at WeChat. */
  | { result: 'window-over' }
  /** 45047: the grant's quota is used up at WeChat. */
  | { result: 'quota-used' }
  /** The account's cap of unasked messages: not sent, and held until this time (epoch ms); null: skipped. */
  | { result: 'capped'; until: number | null }
  /** 40007: the medium must be uploaded again. The step stays due. */
  | { result: 'media-expired' }
  /** WeChat refuses the content of this message, or it could not be made. */
  | { result: 'refused'; reason: string; errcode: number }
  /** The follower has unfollowed, or refuses messages. */
  | { result: 'gone'; outcome: 'unsubscribed' | 'opted-out'; errcode: number }
)

/** The step's state just before the send activity is called. */
export function beginSend(state: RunState, index: number): RunState {
  return changeStep(state, index, { state: 'sending', reason: null })
}

/**
 * Applies the result of a send. The workflow uses it, and so does the send activity for the snapshot that it writes with
 * the result, so that both agree.
 * @param paid the grant that pays, and all grants at the time of the decision
 */
export function applySendResult(
  state: RunState,
  index: number,
  paid: { grant: Grant; grants: Ledger },
  result: SendResult,
): RunState {
  const after = applyResult(state, index, paid, result)
  return result.warning === undefined ? after : addWarning(after, result.warning)
}

function applyResult(
  state: RunState,
  index: number,
  paid: { grant: Grant; grants: Ledger },
  result: SendResult,
): RunState {
  const used = useGrant(state.ledger, paid.grant, result.unclear)
  const done = doneAt(state, result.at)
  const released = { ...done, ...(state.steps[index]?.wasHeld ? { releasedAt: result.at } : {}) }
  const unclear = result.unclear > 0
  const reopen = (ledger: Ledger, reason: string, errcode: number | null): RunState =>
    unclear
      ? changeStep(state, index, { state: 'unknown', reason, errcode }, { ledger, ...released })
      : changeStep(state, index, { state: 'pending', reason: null, errcode }, { ledger })

  switch (result.result) {
    case 'sent':
      return changeStep(
        state,
        index,
        { state: 'sent', sentAt: result.at, reason: null, errcode: null },
        { ledger: useGrant(used, paid.grant), ...released },
      )
    case 'unknown':
      return changeStep(
        state,
        index,
        { state: 'unknown', reason: result.reason },
        { ledger: used, ...released },
      )
    case 'not-sent':
      return reopen(used, result.reason, result.errcode)
    case 'window-over':
      return reopen(closeGrants(used, paid.grants, result.at), 'window-over', ERRCODE.windowOver)
    case 'quota-used':
      return reopen(exhaustGrant(used, paid.grant), 'quota-used', ERRCODE.quotaUsed)
    case 'capped':
      if (unclear) return reopen(used, 'capped', null)
      return result.until === null
        ? changeStep(state, index, { state: 'skipped', reason: 'capped' }, { ledger: used, ...done })
        : changeStep(
            state,
            index,
            { state: 'held', reason: 'capped', wasHeld: true },
            { ledger: used, cappedUntil: result.until },
          )
    case 'media-expired':
      return changeStep(
        state,
        index,
        { state: 'pending', reason: null, errcode: ERRCODE.invalidMediaId },
        { ledger: used },
      )
    case 'refused':
      return changeStep(
        state,
        index,
        { state: 'skipped', reason: result.reason, errcode: result.errcode },
        { ledger: used, ...done },
      )
    case 'gone': {
      const step = unclear ? ({ state: 'unknown', reason: 'lost' } as const) : ({ state: 'pending' } as const)
      // As after an unfollow event: it removes all grants.
      const ledger = result.outcome === 'unsubscribed' ? [] : used
      const after = changeStep(state, index, { ...step, errcode: result.errcode }, { ledger })
      return requestStop(after, result.outcome, `errcode ${result.errcode}`)
    }
    default:
      return result satisfies never
  }
}
