import { randomBytes } from 'node:crypto'
import * as wecom from '@wecom/crypto'
import type { SimAccountState } from '../state/model.ts'

/** Address and keys of an account's callbacks. */
export type PushTarget = Pick<
  SimAccountState,
  'appId' | 'token' | 'encodingAesKey' | 'mode' | 'format' | 'callbackUrl' | 'originalId'
> & {
  /** The appId at the end of a ciphertext: the platform's, when callbacks go through it. Absent: the account's. */
  encryptionId?: string
  /** Whether the account has this material. Absent: every id is accepted. */
  hasMedia?(id: string, type: 'image' | 'voice' | 'video' | 'thumb'): boolean
}

export type Fields = { [name: string]: string | number | Fields | Fields[] }

/**
 * Fields that WeChat writes without CDATA in XML are numbers in its JSON, the 64-bit `MsgId` too. Its pages show both forms:
 * https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.html, and
 * `"CreateTime": 1714037059` in https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.md.
 * For the other fields they show only the XML, without CDATA; that these are numbers in JSON is inferred. `Location_X` and
 * `Scale` inside `SendLocationInfo` have CDATA.
 */
const NUMBERS = new Set([
  'CreateTime',
  'MsgId',
  'MsgID',
  'Idx',
  'Location_X',
  'Location_Y',
  'Scale',
  'Latitude',
  'Longitude',
  'Precision',
  'MenuId',
  'bizmsgmenuid',
  'Count',
  'TotalCount',
  'FilterCount',
  'SentCount',
  'ErrorCount',
  'AuthorizationCodeExpiredTime',
])
const TEXT_INSIDE = new Set(['SendLocationInfo'])
const NUMERAL = /^-?(0|[1-9]\d*)(\.\d+)?$/

/** Query and body of one delivery. The envelope of a platform's own push has an `AppId` instead of a `ToUserName`. */
export function envelope(
  account: PushTarget,
  fields: Fields,
  timestamp: number,
): { query: URLSearchParams; body: string; nonce: string } {
  const nonce = String(randomBytes(4).readUInt32BE())
  const stamp = String(timestamp)
  const query = new URLSearchParams({
    signature: wecom.getSignature(account.token, stamp, nonce, ''),
    timestamp: stamp,
    nonce,
    ...(fields.FromUserName === undefined ? {} : { openid: String(fields.FromUserName) }),
  })
  const plain = serialise(fields, account.format)
  if (account.mode === 'plain') return { query, body: plain, nonce }
  const Encrypt = wecom.encrypt(account.encodingAesKey ?? '', plain, account.encryptionId ?? account.appId)
  query.set('encrypt_type', 'aes')
  query.set('msg_signature', wecom.getSignature(account.token, stamp, nonce, Encrypt))
  const to: Fields = fields.InfoType ? { AppId: account.appId } : { ToUserName: account.originalId }
  const outer: Fields = account.mode === 'compatible' ? { ...fields, Encrypt } : { ...to, Encrypt }
  return { query, body: serialise(outer, account.format), nonce }
}

function serialise(fields: Fields, format: 'xml' | 'json'): string {
  return format === 'json' ? json(fields) : `<xml>${xml(fields)}</xml>`
}

/** The digits of a field that WeChat writes as a number; null for text. 64-bit ids stay strings: a double cannot hold them. */
function numeral(name: string, value: string | number, isText: boolean): string | null {
  if (typeof value === 'number') return String(value)
  return !isText && NUMBERS.has(name) && NUMERAL.test(value) ? value : null
}

function json(fields: Fields, isText = false): string {
  const entries = Object.entries(fields).map(([name, value]) => {
    const inner = isText || TEXT_INSIDE.has(name)
    const encoded = Array.isArray(value)
      ? `[${value.map((v) => json(v, inner)).join(',')}]`
      : typeof value === 'object'
        ? json(value, inner)
        : (numeral(name, value, isText) ?? JSON.stringify(value))
    return `${JSON.stringify(name)}:${encoded}`
  })
  return `{${entries.join(',')}}`
}

function xml(fields: Fields, isText = false): string {
  return Object.entries(fields)
    .map(([name, value]) => {
      if (typeof value === 'object') {
        const inner = isText || TEXT_INSIDE.has(name)
        return [value]
          .flat()
          .map((v) => `<${name}>${xml(v, inner)}</${name}>`)
          .join('')
      }
      const bare = numeral(name, value, isText)
      if (bare !== null) return `<${name}>${bare}</${name}>`
      return `<${name}><![CDATA[${String(value).replaceAll(']]>', ']]]]><![CDATA[>')}]]></${name}>`
    })
    .join('')
}
