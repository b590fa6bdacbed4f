import { isRecord } from '../is-record.ts'
import type { SimAccountState } from '../state/model.ts'

type Body = Record<string, unknown>
const text = (x: unknown): string => (typeof x === 'string' ? x : '')

const NEEDS_CERTIFICATION = ['msgmenu']

/** Checks the content of a `custom/send` body: 0, or WeChat's code. `now`: real time, epoch ms, for the expiry of media. */
export function checkContent(account: SimAccountState, body: Body, raw: string, now: number): number {
  if (/\\u[0-9a-fA-F]{4}/.test(raw)) return 40033
  const kind = text(body.msgtype)
  const part = body[kind]
  if (!kind || !isRecord(part)) return 40008
  if (NEEDS_CERTIFICATION.includes(kind) && !account.certified) return 48008
  const service = body.customservice
  if (service !== undefined && !isAgent(account, isRecord(service) ? service.kf_account : null)) return 61452
  switch (kind) {
    case 'text': {
      const content = text(part.content)
      if (!content) return 44004
      return Buffer.byteLength(content) > 2048 ? 45002 : 0
    }
    case 'image':
    case 'voice':
      return checkMedia(account, text(part.media_id), kind, now)
    case 'video':
      return (
        checkMedia(account, text(part.media_id), kind, now) ||
        checkMedia(account, text(part.thumb_media_id), 'thumb', now)
      )
    case 'music':
      if (!text(part.musicurl)) return 44002
      return checkMedia(account, text(part.thumb_media_id), 'thumb', now)
    case 'news': {
      const articles = Array.isArray(part.articles) ? part.articles : []
      if (articles.length === 0) return 44003
      if (articles.length > 1) return 45008
      return isRecord(articles[0]) && text(articles[0].title) && text(articles[0].url) ? 0 : 44003
    }
    case 'msgmenu':
      return Array.isArray(part.list) && part.list.length > 0 && text(part.head_content) ? 0 : 40035
    case 'miniprogrampage':
      if (!text(part.appid)) return 40166
      if (!text(part.pagepath)) return 40165
      return checkMedia(account, text(part.thumb_media_id), 'thumb', now)
    // Articles of the material, as the page of custom/send lists them. News is permanent material only.
    case 'mpnews':
      return checkMedia(account, text(part.media_id), 'news', now)
    case 'mpnewsarticle':
      return text(part.article_id) ? 0 : 40007
    case 'wxcard':
      return text(part.card_id) ? 0 : 40035
    default:
      return 40008
  }
}

/** The named 客服账号 must exist: 61452 invalid kf_account. Source: 全局返回码 */
function isAgent(account: SimAccountState, name: unknown): boolean {
  return account.agents.some((a) => a.kfAccount === name)
}

/** Ids issued by this simulator live for three days. Any `permanent_…` id stands for permanent material. */
export function checkMedia(account: SimAccountState, id: string, type: string, now: number): number {
  if (id.startsWith('permanent_')) return 0
  const medium = account.media.get(id)
  if (!medium || medium.expiresAt < now) return 40007
  const fits = medium.type === type || (type === 'thumb' && medium.type === 'image')
  return fits ? 0 : 40007
}

/**
 * WeChat's messages for its codes. Sources: the pages of the calls; 全局返回码, with the English messages that an
 * enumeration of all its codes quotes beside the Chinese ones (`CODE_45080(45080, …)`). The message of 76003 is not
 * documented, so the simulator words it itself.
 */
export const ERROR_MESSAGES: Record<number, string> = {
  45007: 'playtime out of limit',
  45001: 'media size out of limit',
  40113: 'unsupported file type',
  0: 'ok',
  [-1]: 'system error',
  40001:
    'invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r',
  40002: 'invalid grant_type',
  40003: 'invalid openid',
  40004: 'invalid media type',
  40006: 'invalid media size',
  40007: 'invalid media_id',
  40008: 'invalid message type',
  40009: 'invalid image size',
  40013: 'invalid appid',
  40014: 'invalid access_token',
  40016: 'invalid button size',
  40017: 'invalid button type',
  40018: 'invalid button name size',
  40019: 'invalid button key size',
  40020: 'invalid button url size',
  40023: 'invalid sub button size',
  40024: 'invalid sub button type',
  40025: 'invalid sub button name size',
  40026: 'invalid sub button key size',
  40027: 'invalid sub button url size',
  40032: 'invalid openid list size',
  40033: 'invalid charset. please check your request, if include \\uxxxx will create fail!',
  40035: 'invalid args size',
  40052: 'invalid action name',
  40053: 'invalid action info, please check document',
  40066: 'invalid url',
  40097: 'invalid args',
  40125: 'invalid appsecret',
  40165: 'invalid weapp pagepath',
  40166: 'invalid weapp appid',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41006: 'media_id missing',
  41005: 'media data missing',
  41009: 'missing openid',
  41018: 'missing component_appid',
  42001: 'access_token expired',
  43001: 'require GET method',
  43002: 'require POST method',
  43003: 'require https',
  43004: 'require subscribe',
  43005: 'require friend relations',
  43019: 'require remove blacklist',
  44002: 'empty post data',
  44003: 'empty news data',
  44004: 'empty content',
  45002: 'content size out of limit',
  45008: 'article size out of limit',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit mustslower retry next minute',
  45015: 'response out of time limit or subscription is canceled',
  45047: 'out of response count limit',
  45056: 'too many tag now, no need to add new',
  45058: "can't modify sys tag",
  45059: 'can not tagging one user too much',
  45072: 'invalid command',
  45080: 'need sending message to user, or recving message from user in the last 30 seconds before typing',
  45081: 'you are already typing',
  45157: 'invalid tag name',
  45158: 'tag name too long',
  45159: 'invalid tag id',
  46003: 'menu no exist',
  47001: 'data format error',
  48001: 'api unauthorized',
  48006: 'forbid to clear quota because of reaching the limit',
  48002: 'user block receive message',
  48004: 'api forbidden for irregularities, view detail on mp.weixin.qq.com',
  41001: 'access_token missing',
  42006: 'component_access_token expired',
  61452: 'invalid kf_account',
  76003: 'invalid cgi_path',
  76021: 'cgi_path not found, please check',
  76022: 'could not use this cgi_path, no permission',
  40005: 'invalid file type',
  40201: 'invalid url, no callback url is set',
  40202: 'invalid action',
  40203: 'invalid check_operator',
  45106: 'This API has been unsupported',
  49003: 'not match this openid with the appid',
  53503: 'this draft has not passed the check',
  53600: 'invalid article_id',
  65301: 'no such conditional menu',
  65302: 'no such user',
  65303: 'no default menu',
  65304: 'empty match rule',
  65320: 'private match rule is not supported',
  65400: 'please enable new custom service',
  65401: 'invalid custom service account',
  65402: 'the custom service account needs to bind a WeChat user',
  65403: 'illegal nickname',
  65404: 'illegal custom service account',
  65405: 'account number reach limit',
  65406: 'account already exists',
  65408: 'the worker is bound already',
  65409: 'invalid wechat id',
  65413: 'no session of this user',
  65414: 'another custom service account serves this user',
  65415: 'the worker is not online',
  65416: 'invalid argument',
  65417: 'time range out of limit',
  76001: 'rid not found',
  76002: 'no permission for this rid',
  61003: 'component is not authorized by this account',
  61004: 'access clientip is not registered',
  61005: 'component ticket is expired',
  61006: 'component ticket is invalid',
  61007: 'api is unauthorized to component',
  61009: 'code is invalid',
  61010: 'code is expired',
  61011: 'invalid component',
  61014: 'must use component token for component api',
  61015: 'must use biz account token for not component api',
  61023: 'refresh_token is invalid',
  61024: 'must use api(api_component_token) to get token for component acct',
}
