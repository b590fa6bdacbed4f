import { z } from '@hono/zod-openapi'
import { parseDuration } from '../../campaign/duration.ts'
import { optOutSchema } from '../../campaign/opt-out.ts'
import { isAccountVariable } from '../../campaign/template/template.ts'
import { webAddressProblem } from '../../config/web-address.ts'
import { DAY_MS, MINUTE_MS } from '../../shared/time-units.ts'
import { decodeAesKey } from '../../wechat/callback/crypto.ts'
import { isoTime, rules, typedLine, typedText, wholeNumber } from './common-schemas.ts'

const timezone = z.string().refine(isTimezone, 'is not a time zone, like Asia/Shanghai')
const aesKey = z.string().refine(isAesKey, 'must be 43 letters and digits')
const apiBase = z
  .string()
  .superRefine(webAddress({ query: false }))
  .transform((url) => url.replace(/\/$/, ''))
  .nullable()
const mode = z.enum(['plain', 'compatible', 'security'])
const onUnknown = z.enum(['retry', 'assume-sent'])
const name = typedLine(100).min(1)
const appSecret = z.string().min(1).max(128)
const token = z.string().regex(/^[A-Za-z0-9_-]{3,32}$/, 'must be 3 to 32 letters, digits, _ or -')

const MAX_VARIABLES = 50
const variables = z
  .record(z.string(), typedText(500))
  .superRefine((given, ctx) => {
    const names = Object.keys(given)
    if (names.length > MAX_VARIABLES)
      ctx.addIssue({
        code: 'custom',
        message: `${names.length} variables: an account has at most ${MAX_VARIABLES}`,
      })
    for (const wrong of names.filter((n) => !isAccountVariable(n))) {
      const message =
        'a name has up to 32 letters, digits and _, begins with a letter, and is not name or appId'
      ctx.addIssue({ code: 'custom', path: [wrong], message })
    }
  })
  .openapi({ description: 'Variables for templates, as `account.NAME`. PATCH replaces all of them.' })

const cap = z
  .strictObject({ messages: wholeNumber(100), per: z.string().max(20) })
  .transform(({ messages, per }, ctx) => {
    const perMs = parseDuration(per) ?? 0
    if (perMs < MINUTE_MS || perMs > 30 * DAY_MS)
      ctx.addIssue({ code: 'custom', path: ['per'], message: 'must be a duration of 1m to 30d, like 24h' })
    return { messages, per, perMs }
  })
  .nullable()
  .openapi({ description: 'The most messages that a follower gets unasked in a period; null: no cap.' })
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time like 22:00')
const quietHours = z
  .strictObject({ from: clock, to: clock })
  .refine(({ from, to }) => from !== to, {
    path: ['to'],
    message: 'from and to are the same: no time would be quiet',
  })
  .nullable()
  .openapi({
    description: 'Quiet hours of campaigns that name none, in the time zone of the account; null: none.',
  })

/** A second URL that receives every event, signed as WeChat signs. */
const forward = z
  .strictObject({
    url: z
      .string()
      .superRefine(webAddress({ query: true }))
      .openapi({ format: 'uri' }),
    token,
    encodingAesKey: aesKey.nullable().default(null),
    mode: mode.default('plain'),
    useReply: z.boolean().default(false),
  })
  .refine((f) => f.mode === 'plain' || f.encodingAesKey !== null, {
    path: ['encodingAesKey'],
    message: 'is required in this mode',
  })
  .nullable()

/** The opt-out of all campaigns, in the form of a campaign's `exit`. */
const optOut = optOutSchema.nullable().openapi({
  description:
    "Keywords by which a follower ends the messages of all campaigns, in the form of a campaign's `exit`; null: none. PATCH replaces all of it.",
})

const keepTexts = wholeNumber(365).nullable().openapi({
  description:
    'For how many days the texts that followers send stay in the store after they were handled, at most `RETENTION_DAYS`; null: not at all. Needed for exact dry runs.',
})

export const newAccount = z
  .strictObject({
    appId: z
      .string()
      .regex(/^[A-Za-z0-9_-]{4,64}$/, 'must be 4 to 64 letters and digits, like wx0123456789abcdef'),
    name: name.optional(),
    appSecret,
    token,
    encodingAesKey: aesKey.nullable().default(null),
    mode,
    rules: rules.default('wechat-2023'),
    onUnknown: onUnknown.default('retry'),
    timezone: timezone.default('Asia/Shanghai'),
    apiBase: apiBase.default(null),
    humanAgents: z.boolean().default(false),
    optOut: optOut.default(null),
    keepTexts: keepTexts.default(null),
    cap: cap.default(null),
    quietHours: quietHours.default(null),
    variables: variables.default({}),
    forward: forward.default(null),
  })
  .openapi('NewAccount')

export const accountPatch = z
  .strictObject({
    name: name.optional(),
    appSecret: appSecret.optional(),
    token: token.optional(),
    encodingAesKey: aesKey.nullable().optional(),
    mode: mode.optional(),
    rules: rules.optional(),
    onUnknown: onUnknown.optional(),
    timezone: timezone.optional(),
    apiBase: apiBase.optional(),
    humanAgents: z.boolean().optional(),
    optOut: optOut.optional(),
    keepTexts: keepTexts.optional(),
    cap: cap.optional(),
    quietHours: quietHours.optional(),
    variables: variables.optional(),
    forward: forward.optional(),
    state: z.enum(['active', 'paused']).optional(),
  })
  .openapi('AccountPatch')

export const account = z
  .object({
    appId: z.string(),
    name: z.string(),
    kind: z.enum(['owned', 'authorised']),
    mode,
    rules,
    onUnknown,
    timezone: z.string(),
    state: z.enum(['active', 'paused', 'needs-authorisation', 'blocked', 'quota-exhausted']),
    stateReason: z.string().nullable(),
    stateSince: isoTime,
    stateUntil: isoTime.nullable().openapi({ description: 'When the state ends by itself; null: never.' }),
    apiBase: z.string().nullable(),
    humanAgents: z.boolean(),
    optOut: optOutSchema.nullable(),
    keepTexts,
    cap: z.object({ messages: z.number(), per: z.string() }).nullable(),
    quietHours: z.object({ from: z.string(), to: z.string() }).nullable(),
    variables: z.record(z.string(), z.string()),
    forward: z.object({ url: z.string(), mode, useReply: z.boolean() }).nullable(),
    verified: z.boolean().nullable(),
    refusedKinds: z.array(z.string()),
    quota: z
      .object({
        askedAt: isoTime,
        dailyLimit: z.number(),
        used: z.number(),
        rate: z.object({ calls: z.number(), seconds: z.number() }).nullable(),
      })
      .nullable()
      .openapi({
        description:
          'The quota and rate of sends that WeChat reported when it last refused a send because of them.',
      }),
  })
  .openapi('Account')

export const verification = z
  .object({
    ok: z.boolean(),
    checks: z.array(
      z.object({
        check: z.enum(['secret', 'ip-whitelist', 'certification', 'callback', 'clock']),
        ok: z.boolean(),
        message: z.string(),
        remedy: z.string().nullable(),
        errcode: z.number().nullable(),
      }),
    ),
  })
  .openapi('Verification')

function webAddress(options: { query: boolean }) {
  return (text: string, ctx: z.RefinementCtx) => {
    const message = webAddressProblem(text, options)
    if (message !== null) ctx.addIssue({ code: 'custom', message })
  }
}

function isTimezone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

function isAesKey(key: string): boolean {
  try {
    decodeAesKey(key)
    return true
  } catch {
    return false
  }
}
