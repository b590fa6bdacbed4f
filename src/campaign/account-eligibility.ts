import { allowsMessages } from '../wechat/rules/permissions.ts'
import { messagesOf, stepsOf } from './items.ts'
import type { MessageKind } from './message-model.ts'
import { kindOf } from './message-model.ts'
import type { Campaign } from './model.ts'

/** The properties of an account that decide whether a campaign can send for it. */
export interface CandidateAccount {
  kind: 'owned' | 'authorised'
  /** The current state: an expired stop counts as `active`. */
  state: 'active' | 'paused' | 'needs-authorisation' | 'blocked' | 'quota-exhausted'
  stateReason: string | null
  permissions: readonly number[] | null
  /** Whether WeChat has certified the account; null: not known. */
  verified: boolean | null
  refusedKinds: readonly string[]
}

/** A reason and its remedy in both languages. */
interface LocalizedReason {
  en: string
  zh: string
}

/** The kinds of messages that a campaign sends. Without the passive reply, which needs no permission of WeChat. */
export function sentKinds(campaign: Pick<Campaign, 'steps'>): MessageKind[] {
  const messages = stepsOf(campaign).flatMap(messagesOf)
  return [...new Set(messages.map(({ message }) => kindOf(message)))]
}

/** Why an account cannot send messages of these kinds; empty when it can. */
export function ineligibilityReasons(
  account: CandidateAccount,
  kinds: readonly MessageKind[],
): LocalizedReason[] {
  const reasons = stateReasons(account)
  const { kind, permissions, verified } = account
  // An account that needs authorisation has a reason with the same remedy already.
  if (
    kind === 'authorised' &&
    account.state !== 'needs-authorisation' &&
    !allowsMessages(permissions ?? [])
  ) {
    reasons.push({
      en: 'its owner has not granted the permission set for messages (消息管理): let the owner authorise again with it',
      zh: '公众号管理员没有授予消息管理权限集：请勾选该权限后重新授权',
    })
  }
  if (verified === false) {
    reasons.push({
      en: 'it is not certified (认证), and WeChat lets only certified accounts send: have it certified, then authorise or verify it again',
      zh: '该账号未完成微信认证，没有客服消息接口：请完成认证后重新授权或重新验证',
    })
  }
  for (const refused of kinds.filter((k) => account.refusedKinds.includes(k))) {
    reasons.push({
      en: `WeChat has refused ${refused} messages of this account (45050 or 48008): use another kind, or get the permission and verify the account again`,
      zh: `微信曾拒绝该账号发送 ${refused} 类消息（45050 或 48008）：请换一种消息，或取得权限后重新验证账号`,
    })
  }
  return reasons
}

function stateReasons({ state, stateReason }: CandidateAccount): LocalizedReason[] {
  const why = stateReason ? ` (${stateReason})` : ''
  switch (state) {
    case 'needs-authorisation':
      return [
        {
          en: `it needs authorisation${why}: let its owner authorise again`,
          zh: `需要重新授权${why}：请管理员重新授权`,
        },
      ]
    case 'blocked':
      return [
        {
          en: `it is blocked${why}: fix the cause at WeChat, then resume the account`,
          zh: `已被微信封禁${why}：请在微信处理后恢复该账号`,
        },
      ]
    case 'paused':
      return [{ en: `it is paused${why}: resume the account`, zh: `已暂停${why}：请恢复该账号` }]
    // The daily quota resets at midnight, so a campaign can still use the account.
    case 'quota-exhausted':
    case 'active':
      return []
    default:
      return state satisfies never
  }
}
