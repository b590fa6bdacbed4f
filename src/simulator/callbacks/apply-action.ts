import { grantTo } from '../state/grants.ts'
import type { SimAccountState, SimFollower } from '../state/model.ts'
import { codeOf } from '../state/qrcodes.ts'
import type { FollowerAction } from './follower-actions.ts'
import { followerActions } from './follower-actions.ts'

/**
 * Adds the `Ticket` of the scanned QR code to the callback. A scan by somebody who does not follow the account is a follow:
 * `subscribe` with `qrscene_…`.
 * Source: https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode.md
 */
export function resolveScan(
  account: SimAccountState,
  follower: SimFollower,
  action: FollowerAction,
): FollowerAction {
  if (action.qrScene === undefined) return action
  const isFollow = action.scene === 'scan' && !follower.following
  const resolved = isFollow ? followerActions.follow(action.qrScene) : action
  return { ...resolved, fields: { ...resolved.fields, Ticket: codeOf(account, action.qrScene).ticket } }
}

/**
 * Changes WeChat's state before the callback is pushed: subscription, agent session, grant and the phone's own message.
 * @param at `clock`: the follower's clock, epoch ms; `createTime`: of the callback, s
 */
export function applyAction(
  account: SimAccountState,
  follower: SimFollower,
  action: FollowerAction,
  at: { clock: number; createTime: number },
): void {
  if (action.following !== undefined) follower.following = action.following
  if (action.following === false) follower.grants = []
  if (action.following) recordFollow(account, follower, action, at.createTime)
  if (action.agent !== undefined)
    follower.agent = action.agent === null ? null : { account: action.agent, since: at.clock }
  if (action.scene) grantTo(follower, account.profile, action.scene, at.createTime * 1000)
  if (action.shows) follower.messages.push({ at: at.clock, via: null, ...action.shows })
  recordForAgent(account, follower, action, at.createTime)
}

function recordFollow(
  account: SimAccountState,
  follower: SimFollower,
  action: FollowerAction,
  createTime: number,
): void {
  follower.subscribedAt = createTime
  follower.qrScene = action.qrScene ?? ''
  follower.qrSceneIsNumber = action.qrScene !== undefined && codeOf(account, action.qrScene).isNumber
}

/** Records what a follower says during an agent session. A message without text is recorded by its type. */
function recordForAgent(
  account: SimAccountState,
  follower: SimFollower,
  action: FollowerAction,
  time: number,
): void {
  if (!action.isMessage || !follower.agent) return
  const { agentRecords } = account.records
  agentRecords.push({
    msgid: agentRecords.length + 1,
    openid: follower.openId,
    opercode: 2003,
    text: String(action.fields.Content ?? `[${action.fields.MsgType}]`),
    time,
    worker: follower.agent.account,
  })
}
