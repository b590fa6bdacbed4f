import { type Remedy, remedyOf } from '../wechat/rules/errcodes.ts'

interface StoppedAccount {
  appId: string
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
  const { appId, state, stateReason } = account
  if (state === 'active') return null
  const authorise = state === 'needs-authorisation' && platform
  const errcode = Number(/^-?\d+/.exec(stateReason ?? '')?.[0] ?? 0)
  // A lost authorisation has one remedy, whatever the errcode.
  if (errcode !== 0 && state !== 'needs-authorisation') return { ...remedyOf(errcode), authorise }
  const resume = `npm run nurture -- account resume ${appId}`
  switch (state) {
    case 'paused':
      return {
        zh: `已暂停发送，消息会保留。恢复发送：${resume}`,
        en: `Paused: messages are held. To resume: ${resume}`,
        authorise,
      }
    case 'blocked':
      return {
        zh: `请在 mp.weixin.qq.com 查看通知并处理，然后恢复：${resume}`,
        en: `Read the notices at mp.weixin.qq.com and fix the cause. Then run: ${resume}`,
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
