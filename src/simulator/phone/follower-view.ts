import { CUSTOM_SEND, usedToday } from '../api/quota.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import { menuFor } from '../state/menu.ts'
import type { SendLogEntry, SimAccountState, SimFollower } from '../state/model.ts'
import { scenesOf } from '../state/qrcodes.ts'
import type { FollowerKey } from '../state/simulator-state.ts'
import { drawnMessage } from './drawn-message.ts'
import type { FollowerView } from './view-types.ts'

const MAX_MESSAGES = 100
const MAX_SENDS = 20

/** A follower as the phone page shows it: account, clock, grants, messages, sends and faults. */
export function followerView(wechat: SimulatedWechat, key: FollowerKey): FollowerView {
  const account = wechat.account(key.appId)
  const follower = wechat.peek(key)
  const messages = follower.messages.slice(-MAX_MESSAGES)
  return {
    account: {
      appId: account.appId,
      name: account.name,
      profile: account.profile,
      menu: menuFor(account, follower),
      qrScenes: scenesOf(account, wechat.now()),
      served: wechat.servedBy(account).by !== 'nobody',
    },
    openId: follower.openId,
    following: follower.following,
    clock: wechat.clockOf(follower),
    offsetMs: follower.offsetMs,
    grants: follower.grants,
    agent: follower.agent?.account ?? null,
    typing: follower.typingUntil > wechat.clockOf(follower),
    typingUntil: follower.typingUntil,
    messages,
    drawn: messages.map((message) => drawnMessage(account, message)),
    sends: sendsOf(account, follower),
    happenings: follower.happenings,
    quota: { daily: account.dailyQuota, used: usedToday(account, CUSTOM_SEND, wechat.now()) },
    faults: wechat.faults.list(),
    lostCallbacks: wechat.pushCounts(account.appId).lost,
  }
}

/** The newest requests for this follower. There can be very many for others. */
function sendsOf({ sends }: SimAccountState, { openId, crowd }: SimFollower): SendLogEntry[] {
  if (crowd !== null) return []
  const found: SendLogEntry[] = []
  for (let i = sends.length - 1; i >= 0 && found.length < MAX_SENDS; i--) {
    const send = sends[i]
    if (send?.openId === openId) found.unshift(send)
  }
  return found
}
