import type { FieldRecord } from '../wechat/body.ts'

/** What WeChat tells a platform at its 授权事件接收 address. `createTime`: WeChat's clock, s; null where it says none. */
export type PlatformPush = { createTime: number | null } & (
  | { info: 'component_verify_ticket'; ticket: string }
  | { info: 'authorized' | 'updateauthorized'; appId: string; code: string }
  | { info: 'unauthorized'; appId: string }
  | { info: 'other'; infoType: string }
)

/** Reads a decrypted push; what lacks its fields counts as `other`, which is acknowledged and nothing more. */
export function parsePush(record: FieldRecord): PlatformPush {
  const text = (name: string) => {
    const value = record[name]
    return typeof value === 'string' ? value : ''
  }
  const infoType = text('InfoType')
  const appId = text('AuthorizerAppid')
  const createTime = /^\d{1,12}$/.test(text('CreateTime')) ? Number(text('CreateTime')) : null
  const other: PlatformPush = { info: 'other', infoType, createTime }
  switch (infoType) {
    case 'component_verify_ticket': {
      const ticket = text('ComponentVerifyTicket')
      return ticket ? { info: infoType, ticket, createTime } : other
    }
    case 'authorized':
    case 'updateauthorized': {
      const code = text('AuthorizationCode')
      return appId && code ? { info: infoType, appId, code, createTime } : other
    }
    case 'unauthorized':
      return appId ? { info: infoType, appId, createTime } : other
    default:
      return other
  }
}
