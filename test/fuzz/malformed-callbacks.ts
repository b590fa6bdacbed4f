import { createCipheriv } from 'node:crypto'
import { decodeAesKey, signatureOf } from '../../src/wechat/callback/crypto.ts'
import type { Random } from '../harness/random.ts'
import { damage, maliciousText } from './malicious-inputs.ts'

/** The secrets of the fuzzed server. No response and no log line may contain one. */
export const SECRETS = {
  appSecret: 'test-fuzz-app-secret-51d9',
  token: 'test_fuzz_token_8c1e',
  encodingAesKey: 'TestFuzzKey1TestFuzzKey2TestFuzzKey3TestFuz',
  adminToken: 'test-fuzz-admin-token-77ab',
  encryptionKey: 'test-fuzz-encryption-key-3c',
}
export const MODES = ['plain', 'compatible', 'security'] as const
export type Mode = (typeof MODES)[number]
export const appIdOf = (mode: Mode) => `wxfuzz${mode}`

export interface Callback {
  path: string
  body: Buffer
  type: string
}

const KEY = decodeAesKey(SECRETS.encodingAesKey)
const KINDS = ['text', 'image', 'voice', 'video', 'shortvideo', 'location', 'link', 'event', 'music', '']
const EVENTS = [
  'subscribe',
  'unsubscribe',
  'SCAN',
  'CLICK',
  'VIEW',
  'LOCATION',
  'scancode_push',
  'pic_weixin',
  'location_select',
  'TEMPLATESENDJOBFINISH',
  'kf_create_session',
  'user_authorization_revoke',
  'verify_expired',
  'no_such_event',
]
const NAMES = [
  'EventKey',
  'Ticket',
  'Content',
  'MsgId',
  'MsgID',
  'PicUrl',
  'MediaId',
  'Encrypt',
  'ScanCodeInfo',
  'SendPicsInfo',
  'SendLocationInfo',
  'bizmsgmenuid',
  '__proto__',
  'constructor',
  'toString',
]
/** XML or JSON that is nested so deeply that a recursive parser overflows its stack. */
const DEEP = [9, 11, 100, 800]

type Value = string | number | null | boolean | Value[] | { [name: string]: Value }

/** One callback. Most are signed and encrypted as WeChat does, so that the malformed part reaches the parser. */
export function randomCallback(random: Random, nowS: number): Callback {
  const mode = random.pick(MODES)
  const format = random.pick(['xml', 'json'] as const)
  let message = Buffer.from(write(random, fields(random, nowS), format))
  if (random.chance(0.5)) message = Buffer.from(damage(random, message))
  const timestamp = random.chance(0.97) ? String(nowS) : maliciousText(random)
  const nonce = random.chance(0.97) ? String(random.integerBelow(1e9)) : maliciousText(random)
  const appId = random.chance(0.995) ? appIdOf(mode) : `wx${maliciousText(random).slice(0, 40)}`
  const query = new URLSearchParams({ timestamp, nonce })
  if (random.chance(0.97)) query.set('signature', signatureOf(SECRETS.token, timestamp, nonce))
  if (random.chance(0.01)) query.append('signature', maliciousText(random).slice(0, 200))
  let body = message
  if (mode !== 'plain') {
    const encrypted = encrypt(random, message, appIdOf(mode))
    if (random.chance(0.97))
      query.set('msg_signature', signatureOf(SECRETS.token, timestamp, nonce, encrypted))
    query.set('encrypt_type', 'aes')
    const outer = { ToUserName: 'gh_fuzz', Encrypt: encrypted }
    body = Buffer.from(
      format === 'json'
        ? JSON.stringify(outer)
        : `<xml><ToUserName>gh_fuzz</ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`,
    )
    if (random.chance(0.05)) body = Buffer.from(damage(random, body))
  }
  const type = random.pick(['text/xml', 'application/json', 'text/plain; charset=gbk', ''])
  return {
    path: `/wechat/${encodeURIComponent(toWell(appId))}?${query}`,
    body: body.subarray(0, 70_000),
    type,
  }
}

/** `encodeURIComponent` throws on half a surrogate pair. */
const toWell = (text: string) => Buffer.from(text, 'utf8').toString('utf8')

function fields(random: Random, nowS: number): { [name: string]: Value } {
  const msgType = random.pick(KINDS)
  const record: { [name: string]: Value } = {
    ToUserName: 'gh_fuzz',
    FromUserName: `oFuzz${random.integerBelow(1e6)}`,
    CreateTime: nowS - random.integerBelow(100),
    MsgType: msgType,
  }
  if (msgType === 'event') record.Event = random.pick(EVENTS)
  // Without a MsgId the message would have an unknown kind, and would not reach the store.
  else if (random.chance(0.2)) record.MsgId = String(random.integerBelow(1e9))
  for (let n = random.integerBelow(4); n > 0; n--) record[random.pick(NAMES)] = randomValue(random, 0)
  if (random.chance(0.3)) record[random.pick(Object.keys(record))] = randomValue(random, 0)
  if (random.chance(0.05)) delete record[random.pick(Object.keys(record))]
  return record
}

function randomValue(random: Random, depth: number): Value {
  switch (depth > 3 ? 0 : random.integerBelow(9)) {
    case 1:
      return random.pick([0, -0, 1e308, 2 ** 53, -1.5, null, true])
    case 2:
      return Array.from({ length: random.integerBelow(4) }, () => randomValue(random, depth + 1))
    case 3:
      return Object.fromEntries(
        Array.from({ length: random.integerBelow(4) }, () => [
          random.pick(NAMES),
          randomValue(random, depth + 1),
        ]),
      )
    case 4: {
      let deep: Value = maliciousText(random)
      for (let n = random.chance(0.1) ? random.pick(DEEP) : 3; n > 0; n--)
        deep = random.chance(0.5) ? [deep] : { a: deep }
      return deep
    }
    default:
      return maliciousText(random)
  }
}

function write(random: Random, record: { [name: string]: Value }, format: 'xml' | 'json'): string {
  if (format === 'json') return JSON.stringify(record)
  const head = random.chance(0.03) ? maliciousText(random) : ''
  return `${head}<xml>${inner(random, record)}</xml>`
}

function inner(random: Random, value: Value): string {
  if (Array.isArray(value)) return value.map((item) => `<item>${inner(random, item)}</item>`).join('')
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(
        ([name, item]) =>
          `<${name}${random.chance(0.02) ? ` a="${maliciousText(random)}"` : ''}>${inner(random, item)}</${name}>`,
      )
      .join('')
  }
  const text = String(value)
  if (random.chance(0.6)) return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
  return random.chance(0.5) ? text : text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function encrypt(random: Random, message: Buffer, appId: string): string {
  const id = random.chance(0.98) ? appId : maliciousText(random)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(random.chance(0.98) ? message.length : random.integerBelow(2 ** 32))
  const plain = Buffer.concat([Buffer.from('random-16-bytes!'), length, message, Buffer.from(id)])
  const pad = 32 - (plain.length % 32)
  const padding = Buffer.alloc(pad, random.chance(0.98) ? pad : random.integerBelow(256))
  const cipher = createCipheriv('aes-256-cbc', KEY, KEY.subarray(0, 16)).setAutoPadding(false)
  const valid = Buffer.concat([cipher.update(Buffer.concat([plain, padding])), cipher.final()])
  if (random.chance(0.96)) return valid.toString('base64')
  return random.chance(0.8) ? Buffer.from(damage(random, valid)).toString('base64') : maliciousText(random)
}
