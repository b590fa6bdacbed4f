import { CUSTOM_SEND, usedToday } from '../api/quota.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import { menuFor } from '../state/menu.ts'
import { scenesOf } from '../state/qrcodes.ts'
import type { FollowerKey } from '../state/simulator-state.ts'

const MAX_MESSAGES = 100
const MAX_SENDS = 20

/** A follower as the phone page shows it: account, clock, grants, messages, sends and faults. */
export function followerView(wechat: SimulatedWechat, key: FollowerKey) {
  const account = wechat.account(key.appId)
  const follower = wechat.peek(key)
  return {
    account: {
      appId: account.appId,
      name: account.name,
      profile: account.profile,
      menu: menuFor(account, follower),
      qrScenes: scenesOf(account, wechat.now()),
    },
    openId: follower.openId,
    following: follower.following,
    clock: wechat.clockOf(follower),
    offsetMs: follower.offsetMs,
    grants: follower.grants,
    typing: follower.typingUntil > wechat.clockOf(follower),
    typingUntil: follower.typingUntil,
    messages: follower.messages.slice(-MAX_MESSAGES),
    sends: account.sends.filter((s) => s.openId === follower.openId).slice(-MAX_SENDS),
    quota: { daily: account.dailyQuota, used: usedToday(account, CUSTOM_SEND, wechat.now()) },
    faults: wechat.faults.list(),
    lostCallbacks: wechat.pushCounts(account.appId).lost,
  }
}
