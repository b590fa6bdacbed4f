import { closeGrants, exhaustGrant, type Grant, type Ledger, useGrant } from '../wechat/rules/ledger.ts'
import { addWarning, changeStep, type RunState, requestStop } from './state.ts'

/**
 * How the send activity ended, as a value. `unclear` counts attempts whose outcome nobody knows (each may have been
 * delivered, so each counts against the quota); `at` is when it ended, epoch ms of the follower's clock.
 */
export type SendResult = {
  unclear: number
  at: number
  /** What an operator should see of it, beside how the step stands. */
  warning?: string
} & (
  | { result: 'sent' }
  /** WeChat's answer is unknown and no further attempt is allowed. */
  | { result: 'unknown'; reason: string }
  /** Certainly not delivered, and this grant's time is over; another grant may pay. */
  | { result: 'not-sent'; reason: string; errcode: number | null }
  /** 45015: WeChat says that the time is over. */
  | { result: 'window-over' }
  /** 45047: WeChat says that the grant's quota is used up. */
  | { result: 'quota-used' }
  /** 40007: the medium must be uploaded again; the step stays due. */
  | { result: 'media-expired' }
  /** WeChat refuses this message for what it is. */
  | { result: 'refused'; reason: string; errcode: number }
  /** The follower is gone or wants nothing. */
  | { result: 'gone'; outcome: 'unsubscribed' | 'opted-out'; errcode: number }
)

/** The step's state just before the send activity is called. */
export function beginSend(state: RunState, index: number): RunState {
  return changeStep(state, index, { state: 'sending', reason: null })
}

/**
 * What a send says about the run. Used by the workflow, and by the activity for the snapshot that it writes with the
 * result, so that both tell the same story. `grants` are those that existed when the send was decided.
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
  const wasHeld = state.steps[index]?.wasHeld ?? false
  const used = useGrant(state.ledger, paid.grant, result.unclear)
  const released = wasHeld ? { releasedAt: result.at } : {}
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
      return reopen(closeGrants(used, paid.grants, result.at), 'window-over', 45015)
    case 'quota-used':
      return reopen(exhaustGrant(used, paid.grant), 'quota-used', 45047)
    case 'media-expired':
      return changeStep(state, index, { state: 'pending', reason: null, errcode: 40007 }, { ledger: used })
    case 'refused':
      return changeStep(
        state,
        index,
        { state: 'skipped', reason: result.reason, errcode: result.errcode },
        { ledger: used },
      )
    case 'gone': {
      const step = unclear ? ({ state: 'unknown', reason: 'lost' } as const) : ({ state: 'pending' } as const)
      // As with an unfollow that we heard of: what it had opened is over.
      const ledger = result.outcome === 'unsubscribed' ? [] : used
      const after = changeStep(state, index, { ...step, errcode: result.errcode }, { ledger })
      return requestStop(after, result.outcome, `errcode ${result.errcode}`)
    }
    default:
      return result satisfies never
  }
}
