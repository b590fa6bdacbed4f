import { z } from 'zod'

/*
 * The successful answer of each call: the fields that are used, as WeChat documents them. Unknown fields are dropped, null
 * fields count as absent, and an integer may be given as a text.
 * https://developers.weixin.qq.com/doc/service/api/
 */

/** A token or an id of WeChat, which later calls pass back. */
const opaque = z.string().min(1).max(2_048)
/** Converts an integer that was serialised as a text. Returns any other value unchanged. */
function numberOf(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
}
const whole = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(numberOf, z.number().int().min(min).max(max))
const YEAR_S = 366 * 86_400
/** Seconds. WeChat gives two hours for tokens, and at most 30 days for QR codes. */
const seconds = whole(1, YEAR_S)
const count = whole(0)

/** For calls whose success has an errcode too. JSON without one does not prove that the call was done. */
export const done = z.looseObject({ errcode: z.literal(0) })

/** `stable_token` */
export const accessToken = z.object({ access_token: opaque, expires_in: seconds })

/** `qrcode/create`; `expire_seconds` is absent (or 0) for a permanent code. */
export const qrTicket = z.object({
  ticket: opaque,
  url: z.string(),
  expire_seconds: whole(0, YEAR_S).optional(),
})

/** `openapi/quota/get` */
export const quota = z.object({
  quota: z.object({ daily_limit: count, used: count, remain: whole(Number.MIN_SAFE_INTEGER) }),
  rate_limit: z.object({ call_count: count, refresh_second: seconds }).optional(),
})

const tag = z.object({ id: whole(0, 2_147_483_647), name: z.string().min(1) })

/** `tags/get`. WeChat's own tag 星标组 always exists. A tag without a name must not make the others unreadable. */
export const tags = z.object({ tags: z.array(tag.extend({ name: z.string() })) })

/** `tags/create` */
export const createdTag = z.object({ tag })

/** `user/info`. For a person who does not follow it has `subscribe: 0` and `openid` only. */
export const userInfo = z.object({
  subscribe: z.preprocess(numberOf, z.union([z.literal(0), z.literal(1)])),
  openid: opaque,
  subscribe_scene: z.string().optional(),
  qr_scene: whole(0).optional(),
  qr_scene_str: z.string().optional(),
  tagid_list: z.array(whole(0)).optional(),
})

/** `media/upload` of an image, a voice message or a video. */
export const upload = z.object({ media_id: opaque }).transform(({ media_id }) => ({ media_id }))
/** Empty when the other field has the id. */
const maybeId = z.string().max(2_048).optional()
/**
 * `media/upload` of a thumb. The page documents `media_id` only, but its answer has `thumb_media_id` instead (silenceper/wechat,
 * pull request 14; JeffreySu/WeiXinMPSDK, pull request 32). Both are accepted.
 */
export const thumbUpload = z
  .object({ thumb_media_id: maybeId, media_id: maybeId })
  .transform(({ thumb_media_id, media_id }, context) => {
    const id = thumb_media_id || media_id
    if (id) return { media_id: id }
    context.addIssue({ code: 'custom', path: ['thumb_media_id'] })
    return z.NEVER
  })

/** `menu/get` */
export const menu = z.object({ menu: z.object({ button: z.array(z.unknown()) }) })

/** `get_current_selfmenu_info`. An account that never had a menu has no `selfmenu_info`. */
export const currentMenu = z.object({
  is_menu_open: whole(0),
  selfmenu_info: z.object({ button: z.array(z.unknown()).optional() }).optional(),
})

/** `get_api_domain_ip` */
export const ipList = z.object({ ip_list: z.array(z.string()) })

/** `component/api_component_token` */
export const componentToken = z.object({ component_access_token: opaque, expires_in: seconds })

/** `component/api_create_preauthcode` */
export const preAuthCode = z.object({ pre_auth_code: opaque, expires_in: seconds })

/** Empty when the owner granted no API permission. */
const maybeToken = z.string().max(2_048).optional()

/** An owner's authorisation. */
const authorisationInfo = z.object({
  authorizer_appid: opaque,
  authorizer_access_token: maybeToken,
  authorizer_refresh_token: maybeToken,
  func_info: z
    .array(z.object({ funcscope_category: z.object({ id: whole(Number.MIN_SAFE_INTEGER) }) }))
    .optional(),
})
export type AuthorisationInfo = z.infer<typeof authorisationInfo>

/** `component/api_query_auth` */
export const queryAuth = z.object({ authorization_info: authorisationInfo })

/** `component/api_authorizer_token` */
export const authoriserToken = z.object({
  authorizer_access_token: opaque,
  expires_in: seconds,
  authorizer_refresh_token: maybeToken,
})

/** `component/api_get_authorizer_info`. `verify_type_info` is −1 for an account that is not certified. */
export const authoriserInfo = z.object({
  authorizer_info: z.object({
    nick_name: z.string().optional(),
    verify_type_info: z.object({ id: whole(Number.MIN_SAFE_INTEGER) }).optional(),
  }),
})

/** One page of `component/api_get_authorizer_list`. */
export const authoriserList = z.object({
  total_count: count,
  list: z.array(z.object({ authorizer_appid: opaque, refresh_token: z.string().max(2_048) })),
})
