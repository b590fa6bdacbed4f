import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { isIn, literalsIn } from '../../../../test/harness/message-literals.ts'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../../test/harness/timeouts.ts'
import { schemaIssues } from '../../../api/routes/route-helpers.ts'
import * as accounts from '../../../api/schemas/account-schemas.ts'
import * as lifecycle from '../../../api/schemas/campaign-lifecycle-schemas.ts'
import * as campaigns from '../../../api/schemas/campaign-schemas.ts'
import * as dryRuns from '../../../api/schemas/dry-run-schemas.ts'
import * as events from '../../../api/schemas/event-schemas.ts'
import * as followers from '../../../api/schemas/follower-schemas.ts'
import * as statistics from '../../../api/schemas/statistics-schemas.ts'
import * as users from '../../../api/schemas/user-schemas.ts'
import * as wechat from '../../../api/schemas/wechat-schemas.ts'
import { holesOf } from '../../../shared/message-texts.ts'
import { API_TABLES, apiErrorText, apiMessageText, chineseMessage } from './api-error-text.ts'
import { PLAIN_ENGLISH, plainEnglish } from './plain-english.ts'
import { REQUEST_TEXTS, SCHEMA_TEXTS } from './request-texts.ts'
import { ACCOUNT_TEXTS, RESOURCE_TEXTS } from './resource-texts.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS })

describe('the tables of messages of the API', () => {
  const own = [SCHEMA_TEXTS, REQUEST_TEXTS, RESOURCE_TEXTS, ACCOUNT_TEXTS]

  it.each(own.flatMap((table) => Object.entries(table)))(
    '%s has a Chinese text with the same holes',
    (pattern, text) => {
      const known = new Set(holesOf(pattern).map(({ name }) => name))
      expect(holesOf(text).filter(({ name, kind }) => !known.has(name) || kind !== null)).toEqual([])
      expect(text).toMatch(/[\u3000-\u9fff]/)
      expect(text).not.toMatch(/[\u4e00-\u9fff][,;:?!]|[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]/)
    },
  )

  it('have each pattern once', () => {
    const patterns = own.flatMap((table) => Object.keys(table))
    expect(patterns.filter((pattern, i) => patterns.indexOf(pattern) !== i)).toEqual([])
  })
})

/** Files of these folders whose texts no answer of the API has, and why. */
const OTHERS: Readonly<Record<string, string>> = {
  'src/api/json-lines.ts': 'the audit log',
  'src/api/operator-api.ts': 'the OpenAPI document and its paths',
  'src/api/routes/hook-routes.ts:1': 'the OpenAPI document',
  'src/api/routes/webhook-routes.ts:2': 'the OpenAPI document',
  'src/api/routes/webhook-routes.ts:3': 'the OpenAPI document',
  'src/api/routes/webhook-routes.ts:4': 'the OpenAPI document',
  'src/auth/passwords/password-policy.ts:23': 'words of passwords',
  'src/auth/passwords/password-policy.ts:39': 'words of passwords',
}
/** Texts that are no message, and parts of messages. */
const PARTS: readonly string[] = [
  'Malformed JSON in request body',
  'call  ',
  'Restore it first: POST /api/campaigns//restore (CLI: campaign restore).',
  'campaign  was retired',
  'publish it again',
  'There is no such link. 链接不存在或已失效。',
  'paused by operator',
  '1 active run',
  ' active runs',
  'plain (明文模式)',
  'encrypted (安全模式)',
  'This machine’s clock is  ( callbacks)',
  'Most callbacks are refused because of it',
  'The difference is not steady, so messages of the first minute may be lost',
  'Until it is fixed, new runs use WeChat’s clock',
  'The change may have been made. It is safe to repeat the call.',
  'Nothing was changed.',
  ' This account has no permission for this interface: it must be certified, or be of another type.',
  'no reason given',
  'is reserved for the audit log: , …',
  'set FORWARD_PRIVATE=on to allow it',
  'set WEBHOOK_PRIVATE=on to allow it',
  ' is not a public address',
  'the name resolves to , which is not a public address: ',
  'GBK (ANSI)',
  'Save it as UTF-8 (in Notepad: Save as, Encoding, UTF-8) 请用 UTF-8 编码保存（记事本：另存为 → 编码 → UTF-8）',
  'must be HOST:PORT without a scheme, like temporal.example.com:7233',
  ' MB',
  ' KB',
  'an image',
  'text/csv; charset=utf-8',
  '; charset=utf-8',
  'attachment; filename=""',
]

describe('every message in the code of the API', () => {
  const patterns = API_TABLES.flatMap((table) => Object.keys(table))
  const literals = literalsIn([
    'src/api',
    'src/auth/passwords/password-policy.ts',
    'src/auth/principal.ts',
    'src/callback/forward/forward-problem.ts',
    'src/console/console-app.tsx',
    'src/console/form-body.ts',
    'src/shared/facts.ts',
    'src/shared/network/public-only-connector.ts',
    'src/shared/utf8.ts',
    'src/webhooks/webhook-url.ts',
    'src/config/web-address.ts',
    'src/wechat/rules/media-limits.ts',
    'src/wechat/rules/menu.ts',
  ]).filter(({ place }) => !Object.keys(OTHERS).some((file) => place.startsWith(file)))

  it('has a Chinese text', () => {
    expect(literals.length).toBeGreaterThan(200)
    const missing = literals.filter(
      ({ parts }) =>
        !PARTS.includes(parts.join('')) &&
        !(parts.length === 1 && chineseMessage(parts[0] ?? '') !== null) &&
        !patterns.some((pattern) => isIn(pattern, parts)),
    )
    expect(missing.map(({ place, parts }) => `${place}: ${parts.join('…')}`)).toEqual([])
  })
})

describe('the issues of requests', () => {
  const modules = { accounts, lifecycle, campaigns, dryRuns, events, followers, statistics, users, wechat }
  const schemas = Object.entries(modules).flatMap(([module, exported]) =>
    Object.entries(exported).flatMap(([name, schema]) =>
      schema instanceof z.ZodType ? [[`${module}.${name}`, schema] as const] : [],
    ),
  )

  it.each(schemas)('of %s have Chinese texts for any wrong value of any field', (_, schema) => {
    const wrong = new Set<string>()
    const fields = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
    const all = JUNK.map((value) => Object.fromEntries(fields.map((name) => [name, value])))
    const each = fields.flatMap((name) => JUNK.map((value) => ({ [name]: value })))
    for (const value of [...JUNK, ...all, ...each]) {
      const { error } = schema.safeParse(value)
      for (const { message } of error ? schemaIssues(error) : [])
        if (chineseMessage(message) === null) wrong.add(message)
    }
    expect([...wrong]).toEqual([])
  })
})

const JUNK: readonly unknown[] = [
  ...[
    undefined,
    null,
    true,
    0,
    -1,
    1.5,
    1e20,
    Number.NaN,
    '',
    ' ',
    '\0',
    'x y',
    '😀'.repeat(40),
    'x'.repeat(5_000),
  ],
  ...[
    [],
    [[]],
    [null],
    ['x', 'x'],
    Array(2_000).fill('x'),
    {},
    { a: 1 },
    { 'x y': {} },
    { from: '1', to: '1' },
  ],
  ...['2026-13-01', '99d', 'http://a b', 'http://u:p@h#x', 'ftp://x', 'http://h:0', 'http://h?x'],
]

describe('an error of the API', () => {
  it.each([
    ['There is no version 3 of campaign welcome.', '没有活动 welcome 的第 3 版：可能已被删除。'],
    [
      'This call needs the role admin. The caller has the role operator.',
      '要有「管理员」角色才能这样做，你是「运营」：请管理员来做，或请他调整你的角色。',
    ],
    [
      'Somebody else has changed the draft of campaign welcome. You expected revision 3; the current one is revision 5, saved 2026-11-30T06:31:00.000Z by lin. Read it again, compare, and repeat the call with If-Match: "5".',
      '别人刚刚改了活动 welcome 的草稿。你打开的是第 3 次保存，现在是第 5 次保存（lin 于 2026-11-30 14:31:00）：对照两边，再决定保留哪一份。',
    ],
    [
      'WeChat refuses the secret: 40125 invalid appsecret. Enter the current AppSecret of this account.',
      '微信不接受 AppSecret（40125 invalid appsecret）。请填写该账号当前的 AppSecret。',
    ],
    [
      'Invalid option: expected one of "plain"|"compatible"|"security"',
      '只能是明文模式（plain）、兼容模式（compatible）或安全模式（security）',
    ],
    ['Too small: expected string to have >=1 characters', '必填，还没有填写'],
    ['steps.0.after: Invalid input: expected number, received string', '「步骤 1 · 延迟」应是数字'],
    [
      'Campaign old cannot be used (the campaign: since: x is no step or fork above on this way). Publish its file again.',
      '活动 old 现在不能用（活动：前面没有步骤或分叉 x：选这条路上前面的一个）：重新发布一次。',
    ],
  ])('%s', (message, text) => {
    expect(apiMessageText(message, 'zh')).toBe(text)
    expect(apiMessageText(message, 'en')).toBe(plainEnglish(message) ?? message)
  })

  it('has its issues beside their fields', () => {
    const error = {
      message: 'The request has invalid fields.',
      issues: [
        { path: 'encodingAesKey', message: 'is required in this mode' },
        { path: 'quietHours.from', message: 'must be a time like 22:00' },
        { path: 'x', message: 'something new' },
      ],
    }
    expect(apiErrorText(error, 'zh')).toEqual({
      message: '有些内容填得不对。',
      issues: [
        { path: 'encodingAesKey', place: 'EncodingAESKey', message: '这种模式下必填' },
        { path: 'quietHours.from', place: '静默时段 · 开始时间', message: '写成 22:00 这样的时刻' },
        { path: 'x', place: 'x', message: 'something new' },
      ],
    })
    expect(apiErrorText(error, 'en').issues[1]).toEqual({
      path: 'quietHours.from',
      place: 'Quiet hours · from',
      message: 'must be a time like 22:00',
    })
  })
})

describe('the English texts', () => {
  it('have the same holes, and name no types, signs or headers of programs', () => {
    for (const [pattern, text] of Object.entries(PLAIN_ENGLISH)) {
      const known = new Set(holesOf(pattern).map(({ name }) => name))
      expect(holesOf(text).filter(({ name }) => !known.has(name))).toEqual([])
      expect(text).not.toMatch(/expected|received|Invalid|[<>]|repeat the call/)
    }
  })

  it('leave no message of zod as it is', () => {
    const patterns = Object.keys(SCHEMA_TEXTS).filter((p) => /^(?:Invalid|Too) /.test(p))
    expect(patterns.length).toBeGreaterThan(10)
    for (const pattern of patterns) {
      const message = pattern
        .replace(/\{type:?\w*\}/, 'number')
        .replace(/\{\w+:num\}/, '5')
        .replace(/\{\w+:?\w*\}/, '"viewer"')
      expect(apiMessageText(message, 'en')).not.toMatch(/expected|received|Invalid|[<>]/)
    }
  })

  it.each([
    ['Too small: expected string to have >=1 characters', 'is required'],
    ['Invalid input: expected number, received string', 'must be a number'],
    ['Invalid input: expected int, received number', 'must be a whole number'],
    ['Invalid option: expected one of "viewer"|"operator"', 'must be one of: viewer, operator'],
    ['Too big: expected string to have <=64 characters', 'has more than 64 characters'],
    ['must be a time like 22:00', 'must be a time like 22:00'],
  ])('of %s: %s', (message, text) => expect(apiMessageText(message, 'en')).toBe(text))
})
