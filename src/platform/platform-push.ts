import type { FieldRecord } from '../wechat/callback/field-record.ts'

/** A push of WeChat to a platform's 授权事件接收 URL. `createTime`: by WeChat's clock, s; null when the push has none. */
export type PlatformPush = { createTime: number | null } & (
  | { info: 'component_verify_ticket'; ticket: string }
  | { info: 'authorized' | 'updateauthorized'; appId: string; code: string }
  | { info: 'unauthorized'; appId: string }
  | { info: 'other'; infoType: string }
)

/** Parses a decrypted push. A push without its required fields counts as `other`, which is only acknowledged. */
export function parsePlatformPush(record: FieldRecord): PlatformPush {
  const field = (name: string) => {
    const value = record[name]
    return typeof value === 'string' ? value : ''
  }
  const infoType = field('InfoType')
  const appId = field('AuthorizerAppid')
  const createTime = /^\d{1,12}$/.test(field('CreateTime')) ? Number(field('CreateTime')) : null
  const other: PlatformPush = { info: 'other', infoType, createTime }
  switch (infoType) {
    case 'component_verify_ticket': {
      const ticket = field('ComponentVerifyTicket')
      return ticket ? { info: infoType, ticket, createTime } : other
    }
    case 'authorized':
    case 'updateauthorized': {
      const code = field('AuthorizationCode')
      return appId && code ? { info: infoType, appId, code, createTime } : other
    }
    case 'unauthorized':
      return appId ? { info: infoType, appId, createTime } : other
    default:
      return other
  }
}
