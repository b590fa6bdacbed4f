import { type Remedy, remedyOf } from '../wechat/rules/errcodes.ts'

interface StoppedAccount {
  appId: string
  state: 'active' | 'paused' | 'needs-authorisation' | 'blocked' | 'quota-exhausted'
  /** Of a stop by WeChat it begins with the errcode. */
  stateReason: string | null
}

interface RequiredAction extends Remedy {
  /** The owner has to visit the platform's authorisation page. */
  authorise: boolean
}

/** What the operator must do about an account; null: nothing. `platform`: whether a third-party platform is configured. */
export function requiredAction(
  account: StoppedAccount,
  { platform }: { platform: boolean },
): RequiredAction | null {
  const { appId, state, stateReason } = account
  if (state === 'active') return null
  const authorise = state === 'needs-authorisation' && platform
  const errcode = Number(/^-?\d+/.exec(stateReason ?? '')?.[0] ?? 0)
  // An authorisation that is lost is mended in one way only, and where no platform runs that is told instead.
  if (errcode !== 0 && state !== 'needs-authorisation') return { ...remedyOf(errcode), authorise }
  const resume = `npm run nurture -- account resume ${appId}`
  switch (state) {
    case 'paused':
      return {
        zh: `已暂停：消息保留，恢复后继续发送。恢复：${resume}`,
        en: `Paused: messages are kept back. To go on: ${resume}`,
        authorise,
      }
    case 'blocked':
      return {
        zh: `请在 mp.weixin.qq.com 查看通知并处理，然后恢复：${resume}`,
        en: `See the notices at mp.weixin.qq.com and mend the cause; then: ${resume}`,
        authorise,
      }
    case 'quota-exhausted':
      return {
        zh: '今日接口调用次数已用完，到时自动恢复，无需操作。',
        en: "The day's calls are used up; it goes on by itself, nothing is to be done.",
        authorise,
      }
    case 'needs-authorisation':
      return platform
        ? {
            zh: '请公众号管理员重新授权，并勾选消息管理权限。',
            en: 'Let the owner authorise again, with message management ticked.',
            authorise,
          }
        : {
            zh: '授权已失效，且没有配置第三方平台：请设置 COMPONENT_APP_ID 等后重新授权。',
            en: 'The authorisation is gone, and no third-party platform is configured: set COMPONENT_APP_ID and the rest, then authorise again.',
            authorise,
          }
    default:
      return state satisfies never
  }
}
