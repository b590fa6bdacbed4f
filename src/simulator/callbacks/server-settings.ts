import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { AccountOptions } from '../state/model.ts'

/** A URL that the simulator may call: http or https, without credentials and without a fragment. */
const address = z
  .string()
  .trim()
  .max(1024)
  .refine((value) => {
    if (!URL.canParse(value)) return false
    const url = new URL(value)
    return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.hash === ''
  }, '请填写以 http:// 或 https:// 开头的完整地址 · must be a complete URL that begins with http:// or https://')

/** 3 to 32 letters and digits. Source: 接入指南. */
const token = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9]{3,32}$/, 'Token 为 3–32 位英文或数字 · must be 3 to 32 letters and digits')
const aesKey = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9]{43}$/, 'EncodingAESKey 为 43 位英文或数字 · must be 43 letters and digits')
const appId = z
  .string()
  .trim()
  .regex(
    /^wx[A-Za-z0-9]{4,30}$/,
    'AppID 以 wx 开头，加 4–30 位英文或数字 · must be wx followed by 4 to 30 letters or digits',
  )
const appSecret = z.string().trim().min(1).max(128)
const mode = z.enum(['plain', 'compatible', 'security'])
const format = z.enum(['xml', 'json'])

/** 服务器配置 of an account. Absent fields keep their values. `callbackUrl` null: nothing is pushed. */
export const serverSettings = z.strictObject({
  callbackUrl: address.nullable(),
  token: token.optional(),
  encodingAesKey: aesKey.nullable().optional(),
  mode: mode.optional(),
  format: format.optional(),
  /** false: the URL is set without WeChat's GET check. */
  check: z.boolean().default(true),
})
export type ServerSettings = z.input<typeof serverSettings>

/** Settings of a new simulated account. Absent fields get generated values. */
export const accountSettings = z.strictObject({
  appId: appId.optional(),
  appSecret: appSecret.optional(),
  token: token.optional(),
  encodingAesKey: aesKey.optional(),
  mode: mode.default('plain'),
  format: format.default('xml'),
  callbackUrl: address.nullable().default(null),
  name: z.string().trim().min(1).max(60).optional(),
  profile: z.enum(['wechat-2023', 'classic-48h']).optional(),
  originalId: z.string().min(1).max(64).optional(),
  certified: z.boolean().optional(),
  qrScenes: z.array(z.string().min(1).max(64)).optional(),
  menu: z.array(z.strictObject({ key: z.string().min(1), label: z.string().min(1) })).optional(),
})
export type AccountSettings = z.input<typeof accountSettings>

/** A third-party platform. `callbackUrl` has `$APPID$` in place of the account's appId, as in WeChat's own console. */
export const platformSettings = z.strictObject({
  appId,
  appSecret,
  token,
  aesKey,
  authorisationUrl: address,
  callbackUrl: address,
  redirectHost: z.string().min(1).optional(),
})
export type PlatformSettings = z.input<typeof platformSettings>

/** A platform's URLs and keys. Absent fields keep their values. */
export const platformServer = z.strictObject({
  authorisationUrl: address.optional(),
  callbackUrl: address.optional(),
  token: token.optional(),
  aesKey: aesKey.optional(),
})
export type PlatformServer = z.input<typeof platformServer>

/** Generates absent credentials. The AES key is generated in every mode, because the mode may change later. */
export function completeAccount(settings: z.output<typeof accountSettings>): AccountOptions {
  const id = settings.appId ?? `wxtest${randomBytes(6).toString('hex')}`
  return {
    ...settings,
    appId: id,
    appSecret: settings.appSecret ?? `test${randomBytes(14).toString('hex')}`,
    token: settings.token ?? `test${randomBytes(8).toString('hex')}`,
    encodingAesKey: settings.encodingAesKey ?? newAesKey(),
    name: settings.name ?? id,
  }
}

/** 43 letters and digits that decode to 32 bytes. */
function newAesKey(): string {
  // Base64 has + and / too, which WeChat's keys do not have.
  return randomBytes(32).toString('base64').replaceAll(/[+/]/g, 'A').slice(0, 43)
}

/** The issues in one line, in one language or in both. */
export function describeIssues(error: z.ZodError, language?: 'zh' | 'en'): string {
  return error.issues
    .map(({ path, message }) => {
      const text = language ? bothLanguages(message)[language] : message
      return path.length > 0 ? `${path.join('.')}: ${text}` : text
    })
    .join('; ')
}

/** What is wrong with each field, by its name. */
export function issuesByField(error: z.ZodError): Record<string, { zh: string; en: string }> {
  return Object.fromEntries(
    error.issues.map(({ path, message }) => [String(path[0] ?? ''), bothLanguages(message)]),
  )
}

function bothLanguages(message: string): { zh: string; en: string } {
  const [zh = message, en = message] = message.split(' · ')
  return { zh, en }
}
