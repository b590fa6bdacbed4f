/** What an errcode of `custom/send` (or of the token calls before it) means for a step, a follower or an account. */
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
 * Every code that a send can meet, with what it means here. Source: WeChat's global return codes
 * (https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html) and the error table of the
 * customer-service send; classes as contract section 4 has them.
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
    65413: 'customer-service session is in another state',
    65414: 'customer-service session is in another state',
    65415: 'customer-service session is in another state',
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
 * The class of a code. One that nobody has described costs its step only: the series goes on, and the code stands with
 * the step for the operator.
 */
export function classOf(errcode: number): ErrcodeClass {
  return TABLE.get(errcode)?.class ?? 'content'
}

/** WeChat's meaning of a code, in a few words. */
export function textOf(errcode: number): string {
  return TABLE.get(errcode)?.text ?? 'unknown code'
}

/** True when the table names this code. */
export function isKnown(errcode: number): boolean {
  return TABLE.has(errcode)
}

const IP: Remedy = {
  en: "Add this server's address to the account's IP whitelist at WeChat (or let the admin confirm it), then resume the account.",
  zh: '请在微信公众平台把本服务器的 IP 加入白名单（或由管理员确认），然后恢复该账号。',
}
const REMEDIES: Record<number, Remedy> = {
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
    en: 'The daily quota is used up; sending goes on after midnight in Beijing.',
    zh: '今日接口调用次数已用完，北京时间零点后自动恢复。',
  },
}

/** What the operator must do about an account that this code stopped. */
export function remedyOf(errcode: number): Remedy {
  const kind = classOf(errcode)
  const known = REMEDIES[errcode]
  if (known) return known
  if (kind === 'account-paused') return IP
  if (kind === 'needs-authorisation') {
    return { en: 'The account must authorise the platform again.', zh: '该账号需要重新授权。' }
  }
  return {
    en: `Look up errcode ${errcode} (${textOf(errcode)}) at WeChat, mend it, then resume the account.`,
    zh: `请在微信文档中查询错误码 ${errcode}，处理后恢复该账号。`,
  }
}
