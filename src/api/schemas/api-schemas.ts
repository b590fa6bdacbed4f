import { z } from '@hono/zod-openapi'
import { parseDuration } from '../../campaign/duration.ts'
import { isAccountVariable } from '../../campaign/template/template.ts'
import { webAddressProblem } from '../../config/web-address.ts'
import { decodeAesKey } from '../../wechat/callback/crypto.ts'
import { checkMenu, type Menu } from '../../wechat/rules/menu.ts'

export const appIdParam = z.object({ appId: z.string().min(1).max(64) })
export const followerParams = z.object({
  appId: z.string().min(1).max(64),
  openId: z.string().min(1).max(128),
})
export const campaignParam = z.object({ id: z.string().min(1).max(64) })
export const page = z.strictObject({
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

const timezone = z.string().refine(isTimezone, 'is no time zone, like Asia/Shanghai')
const aesKey = z.string().refine(isAesKey, 'must be 43 letters and digits')
const apiBase = z
  .string()
  .superRefine(webAddress({ query: false }))
  .transform((url) => url.replace(/\/$/, ''))
  .nullable()
const mode = z.enum(['plain', 'compatible', 'security'])
const rules = z.enum(['wechat-2023', 'classic-48h'])
const onUnknown = z.enum(['retry', 'assume-sent'])
const name = z.string().min(1).max(100)
const appSecret = z.string().min(1).max(128)
const token = z.string().regex(/^[A-Za-z0-9_-]{3,32}$/, 'must be 3 to 32 letters, digits, _ or -')

const VARIABLES_MAX = 50
const variables = z
  .record(z.string(), z.string().max(500))
  .superRefine((given, ctx) => {
    const names = Object.keys(given)
    if (names.length > VARIABLES_MAX)
      ctx.addIssue({
        code: 'custom',
        message: `${names.length} variables: an account has at most ${VARIABLES_MAX}`,
      })
    for (const wrong of names.filter((n) => !isAccountVariable(n))) {
      const message =
        'a name has letters, digits and _, begins with a letter, has at most 32, and is not name or appId'
      ctx.addIssue({ code: 'custom', path: [wrong], message })
    }
  })
  .openapi({ description: 'What templates may name as account.…; PATCH replaces them all.' })

/** A second URL that is told of each event, signed as WeChat signs. */
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
    message: 'is needed in this mode',
  })
  .nullable()

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
    variables: variables.optional(),
    forward: forward.optional(),
    state: z.enum(['active', 'paused']).optional(),
  })
  .openapi('AccountPatch')

export const isoTime = z.string().openapi({ format: 'date-time' })

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
    stateUntil: isoTime.nullable().openapi({ description: 'When a stop ends by itself.' }),
    apiBase: z.string().nullable(),
    humanAgents: z.boolean(),
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
      .openapi({ description: 'Sends, as WeChat said when it last refused one for its quota or rate' }),
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

const issue = z.object({
  path: z.string(),
  message: z.string(),
  line: z.number().optional(),
  column: z.number().optional(),
})

export const errorBody = z
  .object({ error: z.object({ code: z.string(), message: z.string(), issues: z.array(issue).optional() }) })
  .openapi('Error')

export const published = z
  .object({ id: z.string(), version: z.number(), warnings: z.array(issue) })
  .openapi('Published')

export const campaignItem = z
  .object({
    id: z.string(),
    name: z.string(),
    version: z.number(),
    state: z.enum(['live', 'paused']),
    accounts: z.array(z.string()).nullable(),
    publishedAt: isoTime,
    broken: z.string().nullable().openapi({
      description: 'Why the stored version cannot be used, so that nobody enters; null: it can',
    }),
  })
  .openapi('CampaignItem')

export const temporalState = z
  .object({
    state: z.enum(['expected', 'unexpected', 'rebuilding', 'unknown']).openapi({
      description:
        'expected: the namespace that the runs live in; unexpected: another one, which gets no calls; rebuilding: accepted, and missing runs are being started; unknown: Temporal does not answer',
    }),
    namespace: z.string(),
    namespaceId: z.string().nullable(),
    expected: z.string().nullable().openapi({ description: 'The id that the store remembers' }),
    activeRuns: z.number(),
  })
  .openapi('Engine')

export const campaignAccount = z
  .object({
    appId: z.string(),
    name: z.string().nullable().openapi({ description: 'null: not registered yet' }),
    takes: z.boolean(),
    reasons: z.array(z.string()),
  })
  .openapi('CampaignAccount')

export const campaignDetail = campaignItem
  .extend({ source: z.string(), versions: z.array(z.object({ version: z.number(), publishedAt: isoTime })) })
  .openapi('Campaign')

export const previewRequest = z
  .strictObject({
    campaign: z.union([z.string(), z.record(z.string(), z.unknown())]).openapi({
      description:
        'The campaign file as text (YAML or JSON), as an object, or the id of a published campaign.',
    }),
    rules: rules.optional(),
    events: z
      .array(z.strictObject({ at: z.string(), do: z.enum(['reply', 'click', 'scan', 'unfollow']) }))
      .max(100)
      .default([]),
  })
  .openapi('PreviewRequest')

const stepState = z.enum(['pending', 'held', 'sending', 'sent', 'skipped', 'unknown'])

export const preview = z
  .object({
    timeline: z.array(
      z.object({
        at: z.string(),
        atMs: z.number(),
        step: z.string(),
        state: stepState,
        grant: z.string().nullable(),
        reason: z.string().nullable(),
      }),
    ),
    warnings: z.array(issue),
  })
  .openapi('Preview')

export const followerItem = z
  .object({
    appId: z.string(),
    openId: z.string(),
    runId: z.string().nullable().openapi({ description: 'null while Temporal has not begun the run' }),
    campaign: z.string(),
    version: z.number(),
    status: z.enum(['active', 'paused', 'ended']),
    outcome: z.string().nullable(),
    reason: z.string().nullable(),
    startedAt: isoTime,
    endedAt: isoTime.nullable(),
    window: z.object({ closesAt: isoTime }),
  })
  .openapi('FollowerItem')

export const follower = followerItem
  .extend({
    ledger: z.array(
      z.object({
        scene: z.string(),
        grantedAt: isoTime,
        expiresAt: isoTime,
        quota: z.number(),
        used: z.number(),
      }),
    ),
    steps: z.array(
      z.object({
        id: z.string(),
        state: stepState,
        dueAt: isoTime.nullable(),
        sentAt: isoTime.nullable(),
        reason: z.string().nullable(),
        errcode: z.number().nullable(),
      }),
    ),
  })
  .openapi('Follower')

export const medium = z
  .object({ id: z.string(), type: z.enum(['image', 'voice', 'video', 'thumb']), bytes: z.number() })
  .openapi('Medium')

const MAX_QR_LIFETIME_MS = 30 * 86_400_000

export const newQrcode = z
  .strictObject({
    appId: z.string().min(1).max(64),
    qrScene: z.string().min(1).max(64),
    campaign: z.string().min(1).max(64).optional(),
    expires: z
      .string()
      .refine((text) => {
        const ms = parseDuration(text)
        return ms !== null && ms > 0 && ms <= MAX_QR_LIFETIME_MS
      }, 'must be a duration of 1s to 30d, like 30d; without it the code is permanent')
      .optional(),
  })
  .openapi('NewQrcode')

export const qrcode = z
  .object({
    ticket: z.string(),
    url: z.string(),
    imageUrl: z.string(),
    expiresAt: isoTime.nullable(),
  })
  .openapi('Qrcode')

const buttons = z.array(z.record(z.string(), z.unknown()))

/** WeChat's own JSON, checked as a whole so that every mistake is told at once. */
export const menuFile = z
  .unknown()
  .transform((value, ctx): Menu => {
    const found = checkMenu(value)
    for (const { path, message } of found)
      ctx.addIssue({ code: 'custom', path: path ? path.split('.') : [], message })
    // What has no mistake has the menu's shape.
    return found.length > 0 ? z.NEVER : (value as Menu)
  })
  .openapi('MenuFile', {
    type: 'object',
    required: ['button'],
    properties: { button: { type: 'array', items: { type: 'object' } } },
    description:
      'As WeChat’s menu/create takes it: {button: [{type, name, key | url | …} | {name, sub_button}]}',
  })

export const menu = z.object({ source: z.enum(['api', 'console']), button: buttons }).openapi('Menu')

export const inboxState = z
  .object({
    pending: z.number(),
    oldestAgeMs: z.number(),
    accepted: z.number(),
    duplicates: z.number(),
    refused: z.number(),
  })
  .openapi('Inbox')

/** A page of items: `next` is the cursor of the following one. */
export const listOf = (item: z.ZodType) => z.object({ items: z.array(item), next: z.string().nullable() })

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

/** What sealing the store's secrets anew has done. */
export const keyRotation = z.object({
  /** The key that everything is sealed with now. */
  keyId: z.string(),
  /** Texts that were sealed anew, by `table.column`. */
  resealed: z.record(z.string(), z.number()),
  /** Texts that no key opens. */
  unreadable: z.number(),
  /** Keys that only histories in Temporal may still need. */
  previous: z.array(
    z.object({
      keyId: z.string(),
      /** Runs that began under it and go on: each message of their followers moves the time on. */
      openRuns: z.number(),
      /** Null while Temporal does not say how long it keeps histories. */
      neededUntil: z.string().nullable(),
    }),
  ),
})
