import { type Remedy, remedyOf, SECRET_REASON } from '../wechat/rules/errcodes.ts'

interface StoppedAccount {
  state: 'active' | 'paused' | 'needs-authorisation' | 'blocked' | 'quota-exhausted'
  /** If WeChat stopped the account, it begins with the errcode. */
  stateReason: string | null
}

interface RequiredAction extends Remedy {
  /** The owner has to visit the platform's authorisation page. */
  authorise: boolean
}

/**
 * What the operator must do about an account; null: nothing.
 * @param options.platform whether a third-party platform is configured
 */
export function requiredAction(
  account: StoppedAccount,
  { platform }: { platform: boolean },
): RequiredAction | null {
  const { state, stateReason } = account
  if (state === 'active') return null
  const authorise = state === 'needs-authorisation' && platform
  const errcode = Number(/^-?\d+/.exec(stateReason ?? '')?.[0] ?? 0)
  // A lost authorisation has one remedy, whatever the errcode.
  if (errcode !== 0 && state !== 'needs-authorisation') return { ...remedyOf(errcode), authorise }
  switch (state) {
    case 'paused':
      return {
        zh: '已暂停发送，消息暂缓。恢复后，仍能发出的会补发。',
        en: 'Paused: messages are held. After you resume it, messages that can still be sent are sent.',
        authorise,
      }
    case 'blocked':
      return {
        zh: '请在 mp.weixin.qq.com 查看通知并处理，然后恢复发送。',
        en: 'Read the notices at mp.weixin.qq.com and fix the cause. Then resume sending.',
        authorise,
      }
    case 'quota-exhausted':
      return {
        zh: '今日接口调用次数已用完，将自动恢复，无需操作。',
        en: 'The daily calls are used up. The account resumes by itself; no action is needed.',
        authorise,
      }
    case 'needs-authorisation':
      return platform
        ? {
            zh: '请公众号管理员重新授权，并勾选消息管理权限。',
            en: 'Ask the owner to authorise again, with the permission for message management.',
            authorise,
          }
        : {
            zh: '授权已失效，且没有配置第三方平台。请设置 COMPONENT_APP_ID 等参数，再重新授权。',
            en: 'The authorisation is lost, and no third-party platform is configured. Set COMPONENT_APP_ID and the related settings, then authorise again.',
            authorise,
          }
    default:
      return state satisfies never
  }
}

/** Whether a person has to fix the account: it does not come back by itself, and nobody has paused it. */
export function needsFix({ state, stateReason }: StoppedAccount): boolean {
  if (state === 'paused') return /^-?\d+ /.test(stateReason ?? '')
  return state === 'needs-authorisation' || state === 'blocked'
}

/** Whether WeChat stopped the account because of its AppSecret. */
export const needsSecret = ({ state, stateReason }: StoppedAccount): boolean =>
  state === 'blocked' && SECRET_REASON.test(stateReason ?? '')
