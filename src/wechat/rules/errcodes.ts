/** What an errcode means for a step, a follower or an account. */
export type ErrcodeClass =
  | 'ok'
  | 'retry'
  | 'token'
  | 'window-over'
  | 'quota-used'
  | 'unfollowed'
  | 'opted-out'
  | 'bad-follower'
  | 'media'
  | 'content'
  | 'account-blocked'
  | 'account-paused'
  | 'needs-authorisation'
  | 'quota-day'
  | 'quota-minute'

/** The account states that an errcode can cause. */
export type AccountStop = 'paused' | 'needs-authorisation' | 'blocked' | 'quota-exhausted'

/** The state of an account after an errcode of one of these classes. */
export const ACCOUNT_STOPS = {
  'account-blocked': 'blocked',
  'account-paused': 'paused',
  'needs-authorisation': 'needs-authorisation',
  'quota-day': 'quota-exhausted',
} as const satisfies Partial<Record<ErrcodeClass, AccountStop>>

/** Errcodes that the code handles by themselves, beyond their class. */
export const ERRCODE = {
  invalidMediaId: 40007,
  minuteLimit: 45011,
  windowOver: 45015,
  quotaUsed: 45047,
  messageTypeNotAllowed: 45050,
  noMessageTypePermission: 48008,
  tagNameRefused: 45157,
  unknownTagId: 45159,
  refreshTokenInvalid: 61023,
} as const

/**
 * The kind of call that an errcode answers, since a few have another meaning there. `send`: `custom/send` and `typing`.
 * `token`: the calls that give an access token for a secret. `platform`: the calls with a component token.
 */
export type WechatCall =
  | 'send'
  | 'token'
  | 'media'
  | 'user'
  | 'tags'
  | 'agents'
  | 'qrcode'
  | 'menu'
  | 'quota'
  | 'platform'

interface Errcode {
  class: ErrcodeClass
  text: string
}

/** What an operator must do about a stopped account. */
export interface Remedy {
  en: string
  zh: string
}

const of = (kind: ErrcodeClass, codes: Record<number, string>): [number, Errcode][] =>
  Object.entries(codes).map(([code, text]) => [Number(code), { class: kind, text }])

/**
 * Every errcode that the calls here can get, with its class: docs/contract.md#4-sending. Sources: WeChat's global return codes
 * (https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html), with the messages that an
 * enumeration of them quotes (`CODE_65415(65415, "the worker is not online")`), and the error table of `custom/send`. Codes of uploads are from reports too: 40005 and 40113 for a file name with a wrong extension
 * (w7corp/easywechat issue 1931, foxinmy/weixin4j issue 34, fudiwei/DotNetCore.SKIT.FlurlHttpClient.Wechat issue 144), and
 * 41005 for a missing file or a Chinese file name (doraemonext/wechat-python-sdk issue 118).
 */
const TABLE: ReadonlyMap<number, Errcode> = new Map([
  ...of('ok', { 0: 'ok' }),
  ...of('retry', {
    [-1]: 'system busy',
    61450: 'customer-service system error',
    42006: 'component access token expired',
    61005: 'component ticket expired',
    61006: 'component ticket invalid',
  }),
  ...of('token', {
    40001: 'invalid credential',
    40014: 'invalid access_token',
    42001: 'access_token expired',
  }),
  ...of('window-over', { 45015: 'response out of time limit, or unfollowed' }),
  ...of('quota-used', { 45047: 'out of response count limit' }),
  ...of('unfollowed', { 43004: 'receiver must follow', 50005: 'user has not followed' }),
  ...of('opted-out', {
    48002: 'follower refuses messages',
    43019: 'follower is on the blacklist',
    43006: 'on the blacklist',
  }),
  ...of('bad-follower', { 40003: 'invalid openid', 43005: 'friend relation required' }),
  ...of('media', { 40007: 'invalid media_id' }),
  ...of('content', {
    40004: 'invalid media type',
    40005: 'invalid file type',
    40006: 'invalid file size',
    40009: 'invalid image size',
    40010: 'invalid voice size',
    40011: 'invalid video size',
    40012: 'invalid thumb size',
    40113: 'unsupported file type',
    41005: 'media data missing',
    41006: 'media_id missing',
    44001: 'empty media data',
    45001: 'media file too large',
    40008: 'invalid message type',
    40032: 'too many openids',
    40033: 'invalid characters',
    40035: 'invalid parameter',
    40097: 'invalid args',
    40101: 'missing parameter',
    40165: 'invalid mini program path',
    40166: 'invalid mini program appid',
    40168: 'mini program is not linked',
    41001: 'access_token missing',
    44002: 'empty post data',
    44003: 'empty news data',
    44004: 'empty content',
    45002: 'content too long',
    45003: 'title too long',
    45004: 'description too long',
    45005: 'url too long',
    45006: 'picurl too long',
    45007: 'voice too long',
    45008: 'too many articles',
    45048: 'invalid content',
    45049: 'invalid content',
    45050: 'message type not allowed',
    45051: 'invalid link',
    45052: 'invalid link',
    45056: 'the account has too many tags',
    45057: 'the tag has too many followers',
    45058: "one of WeChat's own tags",
    45059: 'the follower has too many tags',
    45064: 'mini program not associated',
    45065: 'clientmsgid already exists',
    45066: 'clientmsgid sent too fast',
    45067: 'clientmsgid too long',
    45072: 'invalid typing command',
    45080: 'typing needs an interaction in the last 30 s',
    45081: 'already typing',
    45157: 'invalid tag name, or there is such a tag',
    45158: 'tag name too long',
    45159: 'invalid tag id',
    45162: 'invalid type',
    47001: 'data format error',
    48003: 'mass-send agreement is not signed',
    48006: 'clear_quota limit reached',
    48008: 'no permission for this message type',
    49003: 'openid of another account',
    61451: 'invalid parameter',
    61452: 'invalid kf_account',
    65400: 'new customer service is not enabled',
    65401: 'unknown customer-service account',
    65402: 'the customer-service account is not bound to a WeChat user',
    65413: 'the follower has no session with a human agent',
    65414: 'another human agent has the session',
    65415: 'the human agent is not online',
  }),
  ...of('account-blocked', {
    40002: 'invalid grant_type',
    40013: 'invalid appid',
    40125: 'invalid appsecret',
    40243: 'appsecret is frozen',
    41002: 'appid missing',
    41004: 'appsecret missing',
    45087: 'customer-service messages of this account are blocked',
    45093: 'no quota to send',
    45094: 'sending is not allowed (punishment)',
    48001: 'api unauthorized',
    48004: 'api forbidden for irregularities',
    50001: 'api not authorised by the user',
    50002: 'user limited',
    50004: 'access_token not allowed, maybe punishment',
    61007: 'api unauthorized to component',
    61011: 'invalid component',
    61014: 'wrong kind of token',
    61024: 'component token used wrongly',
    61028: 'component is not published',
  }),
  ...of('account-paused', {
    40164: 'caller IP not in whitelist',
    45035: 'caller IP not in whitelist',
    45102: 'API temporarily blocked',
    61004: 'caller IP not in whitelist',
    89501: 'IP awaits confirmation by the admin',
    89503: 'IP awaits confirmation by the admin',
    89506: 'admin refused this IP; blocked for 24 h',
    89507: 'admin refused this IP; blocked for 1 h',
  }),
  ...of('needs-authorisation', {
    40030: 'invalid refresh_token',
    42002: 'refresh_token expired',
    42007: 'admin changed the password; tokens void',
    61003: 'component is not authorised by this account',
    61023: 'refresh_token invalid',
  }),
  ...of('quota-day', { 45009: 'daily API quota used up' }),
  ...of('quota-minute', { 45011: 'minute limit' }),
])

/**
 * WeChat authorises and counts each API by itself (quota of an API: https://developers.weixin.qq.com/doc/oplatform/openApi/).
 * An account without the permission or the daily quota for this API can still send.
 */
const OF_THIS_INTERFACE = of('content', {
  45009: 'daily quota of this interface used up',
  48001: 'no right to this interface',
  48004: 'this interface is banned',
  50001: 'this interface is not authorised by the user',
  61007: 'this interface is not authorised to the component',
})

/** The errcodes whose meaning differs from that for a send, by kind of call. */
const OF_CALL: Partial<Record<WechatCall, ReadonlyMap<number, Errcode>>> = {
  // Global return codes: "获取 access_token 时 AppSecret 错误，或者 access_token 无效". This call has no access token.
  token: new Map(of('account-blocked', { 40001: 'wrong AppSecret' })),
  // The upload itself was refused, so another upload does not help.
  media: new Map(of('content', { 40007: 'invalid media file' })),
  user: new Map(OF_THIS_INTERFACE),
  tags: new Map(OF_THIS_INTERFACE),
  agents: new Map(OF_THIS_INTERFACE),
  qrcode: new Map(OF_THIS_INTERFACE),
  menu: new Map(OF_THIS_INTERFACE),
  quota: new Map(OF_THIS_INTERFACE),
  platform: new Map(of('token', { 42006: 'component access token expired' })),
}

/** Errcodes of a token call that are due to a wrong secret or a wrong appId. */
const SECRET_CODES: readonly number[] = [40001, 40013, 40125, 40243, 41002, 41004]

/**
 * The class of an errcode. An unknown errcode is in class `content`, so that it ends one step only. The step shows it to the
 * operator.
 */
export function classOf(errcode: number, call: WechatCall = 'send'): ErrcodeClass {
  return described(errcode, call)?.class ?? 'content'
}

/** A short description of an errcode. */
export function textOf(errcode: number, call: WechatCall = 'send'): string {
  return described(errcode, call)?.text ?? 'unknown code'
}

function described(errcode: number, call: WechatCall): Errcode | undefined {
  return OF_CALL[call]?.get(errcode) ?? TABLE.get(errcode)
}

/** True when a token call was refused because of the account's credentials, which a new AppSecret fixes. */
export function isSecretRefused(errcode: number): boolean {
  return SECRET_CODES.includes(errcode)
}

/** True when WeChat accepts no message of this kind from the account. */
export function isMessageKindRefused(errcode: number): boolean {
  return errcode === ERRCODE.messageTypeNotAllowed || errcode === ERRCODE.noMessageTypePermission
}

/** Matches the `stateReason` of an account that was stopped because of its credentials. */
export const SECRET_REASON = new RegExp(`^(${SECRET_CODES.join('|')}) `)

/** True when the table contains this errcode. */
export function isKnown(errcode: number): boolean {
  return TABLE.has(errcode)
}

const ALLOW_IP: Remedy = {
  en: "Add this server's address to the account's IP whitelist at WeChat (or let the admin confirm it), then resume the account.",
  zh: '请在微信公众平台把本服务器的 IP 加入白名单（或由管理员确认），然后恢复该账号。',
}
const AUTHORISE: Remedy = {
  en: 'The account must authorise the platform again.',
  zh: '该账号需要重新授权。',
}
const REMEDIES: Record<number, Remedy> = {
  // Only a token call stops an account with this errcode.
  40001: { en: 'Enter the current AppSecret of this account.', zh: '请填写该账号当前的 AppSecret。' },
  40013: { en: 'Check the appId of this account.', zh: '请检查该账号的 AppID。' },
  40125: { en: 'Enter the current AppSecret of this account.', zh: '请填写该账号当前的 AppSecret。' },
  40243: { en: 'Unfreeze the AppSecret at WeChat.', zh: '请在微信开发者平台解冻 AppSecret。' },
  48001: {
    en: 'This account may not send customer-service messages: it must be certified.',
    zh: '该账号没有客服消息接口权限：需要完成微信认证。',
  },
  48004: {
    en: 'WeChat has banned this interface. See the notice at mp.weixin.qq.com.',
    zh: '微信已封禁该接口，请查看公众平台的通知。',
  },
  45087: {
    en: 'WeChat blocks customer-service messages of this account. See the notice at mp.weixin.qq.com.',
    zh: '微信已屏蔽该账号的客服消息，请查看公众平台的通知。',
  },
  61007: { en: 'Ask the account to grant the message permission set.', zh: '请该账号授予消息管理权限集。' },
  45102: {
    en: 'WeChat blocks this interface for a while. See the notice at mp.weixin.qq.com, then resume the account.',
    zh: '微信已临时封禁该接口，请查看公众平台的通知，解除后恢复该账号。',
  },
  45009: {
    en: 'The daily quota is used up. Sending resumes after midnight in Beijing.',
    zh: '今日接口调用次数已用完，北京时间零点后自动恢复。',
  },
}

/** The remedies that name no errcode, for the translation of a message that has one. */
export function fixedRemedies(): readonly Remedy[] {
  return [ALLOW_IP, AUTHORISE, ...Object.values(REMEDIES)]
}

/** What an operator must do about an account that this errcode stopped. */
export function remedyOf(errcode: number): Remedy {
  const kind = classOf(errcode)
  const known = REMEDIES[errcode]
  if (known) return known
  if (kind === 'account-paused') return ALLOW_IP
  if (kind === 'needs-authorisation') return AUTHORISE
  return {
    en: `Look up errcode ${errcode} (${textOf(errcode)}) in WeChat's documentation, fix the cause, then resume the account.`,
    zh: `请在微信文档中查询错误码 ${errcode}，处理后恢复该账号。`,
  }
}
