import type { FollowerAttributes } from './condition.ts'
import { type Action, applyActionResult } from './run-actions.ts'
import type { RunState } from './state.ts'

/** An action that sends nothing and asks or changes something at WeChat or in the store. */
type SideAction = Extract<Action, { do: 'tag' | 'act' | 'learn' | 'fetch-attributes' }>

/**
 * The state of a run that is only played, after an action that succeeds at once.
 * @param attributes what WeChat knows of the follower
 */
export function applySuccess(
  state: RunState,
  action: SideAction,
  attributes: () => Omit<FollowerAttributes, 'at'>,
  now: number,
): RunState {
  switch (action.do) {
    case 'tag':
      return applyActionResult(state, { ...action, result: { result: 'tagged' } }, now)
    case 'act':
      return applyActionResult(state, { ...action, result: { result: 'done' } }, now)
    case 'learn':
    case 'fetch-attributes':
      return applyActionResult(state, { ...action, result: { attributes: attributes() } }, now)
    default:
      return action satisfies never
  }
}
