import { z } from 'zod'

/*
 * What WeChat answers to each call when all is well: the fields that are used, each as its page documents it. Unknown
 * fields are dropped, null ones are absent, and a whole number may come as its text.
 * https://developers.weixin.qq.com/doc/service/api/
 */

/** Goes into the query of later calls, or names something of WeChat's there. */
const opaque = z.string().min(1).max(2_048)
/** What a serialiser made a text of is the number that it shows. Everything else is given back. */
function numberOf(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
}
const whole = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(numberOf, z.number().int().min(min).max(max))
const YEAR_S = 366 * 86_400
/** s; WeChat gives two hours, and for codes 30 days at most. */
const seconds = whole(1, YEAR_S)
const count = whole(0)

/** Calls that answer with an errcode also when all is well: JSON without one is not WeChat's word that it was done. */
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

/** `tags/get`; there is always WeChat's own 星标组. A tag without a name must not hide the others. */
export const tags = z.object({ tags: z.array(tag.extend({ name: z.string() })) })

/** `tags/create` */
export const createdTag = z.object({ tag })

/** `user/info`; of somebody who does not follow, `subscribe` 0 and `openid` alone. */
export const userInfo = z.object({
  subscribe: z.preprocess(numberOf, z.union([z.literal(0), z.literal(1)])),
  openid: opaque,
  subscribe_scene: z.string().optional(),
  qr_scene: whole(0).optional(),
  qr_scene_str: z.string().optional(),
  tagid_list: z.array(whole(0)).optional(),
})

/**
 * `media/upload`. A thumb comes back as `thumb_media_id`, without `media_id` (silenceper/wechat, pull request 14;
 * JeffreySu/WeiXinMPSDK, pull request 32), though the official page names `media_id` only: both are taken.
 */
export const upload = z.object({ media_id: opaque }).transform(({ media_id }) => ({ media_id }))
/** Empty where the other one is given. */
const maybeId = z.string().max(2_048).optional()
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

/** `get_current_selfmenu_info`; an account that never had a menu has no `selfmenu_info`. */
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

/** Empty where the owner gave no right to call the API. */
const maybeToken = z.string().max(2_048).optional()

/** What an owner's authorisation gives. */
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

/** `component/api_get_authorizer_info`; `verify_type_info` −1: not certified. */
export const authoriserInfo = z.object({
  authorizer_info: z.object({
    nick_name: z.string().optional(),
    verify_type_info: z.object({ id: whole(Number.MIN_SAFE_INTEGER) }).optional(),
  }),
})

/** `component/api_get_authorizer_list`: a page of it */
export const authoriserList = z.object({
  total_count: count,
  list: z.array(z.object({ authorizer_appid: opaque, refresh_token: z.string().max(2_048) })),
})
