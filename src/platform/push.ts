import type { FieldRecord } from '../wechat/body.ts'

/** What WeChat tells a platform at its 授权事件接收 address. */
export type PlatformPush =
  | { info: 'component_verify_ticket'; ticket: string }
  | { info: 'authorized' | 'updateauthorized'; appId: string; code: string }
  | { info: 'unauthorized'; appId: string; createTime: number }
  | { info: 'other'; infoType: string }

/** Reads a decrypted push; what lacks its fields counts as `other`, which is acknowledged and nothing more. */
export function parsePush(record: FieldRecord): PlatformPush {
  const text = (name: string) => {
    const value = record[name]
    return typeof value === 'string' ? value : ''
  }
  const infoType = text('InfoType')
  const appId = text('AuthorizerAppid')
  switch (infoType) {
    case 'component_verify_ticket': {
      const ticket = text('ComponentVerifyTicket')
      return ticket ? { info: infoType, ticket } : { info: 'other', infoType }
    }
    case 'authorized':
    case 'updateauthorized': {
      const code = text('AuthorizationCode')
      return appId && code ? { info: infoType, appId, code } : { info: 'other', infoType }
    }
    case 'unauthorized':
      return appId
        ? { info: infoType, appId, createTime: Number(text('CreateTime')) || 0 }
        : { info: 'other', infoType }
    default:
      return { info: 'other', infoType }
  }
}
