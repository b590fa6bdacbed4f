import type { SimAccountState, SimFollower } from './model.ts'
import type { ConditionalMenu, SimButton } from './records.ts'

const TYPES: Record<string, string[]> = {
  click: ['key'],
  view: ['url'],
  scancode_push: ['key'],
  scancode_waitmsg: ['key'],
  pic_sysphoto: ['key'],
  pic_photo_or_album: ['key'],
  pic_weixin: ['key'],
  location_select: ['key'],
  media_id: ['media_id'],
  view_limited: ['media_id'],
  miniprogram: ['url', 'appid', 'pagepath'],
  article_id: ['article_id'],
  article_view_limited: ['article_id'],
}
/** WeChat's codes and limits for each menu level. */
const CODES = {
  first: { count: 40016, type: 40017, name: 40018, key: 40019, url: 40020, most: 3, nameMax: 16 },
  second: { count: 40023, type: 40024, name: 40025, key: 40026, url: 40027, most: 5, nameMax: 60 },
}
const size = (x: unknown) => (typeof x === 'string' ? Buffer.byteLength(x) : 0)

/** Checks the buttons of `menu/create`: 0, or the code of the first error. WeChat reports only one. */
export function checkMenu(buttons: unknown, level: 'first' | 'second' = 'first'): number {
  const code = CODES[level]
  if (!Array.isArray(buttons) || buttons.length < 1 || buttons.length > code.most) return code.count
  return (buttons as Record<string, unknown>[]).reduce((found, b) => found || checkButton(b, level), 0)
}

function checkButton(button: Record<string, unknown>, level: 'first' | 'second'): number {
  const code = CODES[level]
  const name = size(button?.name)
  if (name < 1 || name > code.nameMax) return code.name
  const subs = button.sub_button
  if (Array.isArray(subs) && subs.length > 0)
    return level === 'first' ? checkMenu(subs, 'second') : code.count
  const fields = TYPES[String(button.type)]
  if (!fields) return code.type
  for (const field of fields) {
    const bytes = size(button[field])
    const most = field === 'url' ? 1024 : 128
    if (bytes < 1 || bytes > most) return field === 'url' ? code.url : code.key
  }
  return 0
}

/** The menu made by the API. Without one, the menu of the account's settings, as if made in WeChat's console. */
function menuOf(account: SimAccountState): SimButton[] {
  return account.apiMenu ?? account.menu.map(({ key, label }) => ({ type: 'click', name: label, key }))
}

/** The simulated phone runs Android: `client_platform_type` 2. */
const PLATFORM = '2'

/**
 * The menu on a follower's phone: the newest conditional menu with a matching rule, else the default menu. Of several tags,
 * the one given last counts. Source: 个性化菜单匹配规则, …/Custom_Menus/Personalized_menu_interface.html
 */
export function menuFor(account: SimAccountState, follower: SimFollower): SimButton[] {
  const matches = ({ matchrule }: ConditionalMenu) => {
    const tag = String(matchrule.tag_id ?? matchrule.group_id ?? '')
    const platform = String(matchrule.client_platform_type ?? '')
    return (
      (tag === '' || tag === String(follower.tagIds.at(-1))) && (platform === '' || platform === PLATFORM)
    )
  }
  return account.records.conditionalMenus.toReversed().find(matches)?.button ?? menuOf(account)
}

/** The answer of `get_current_selfmenu_info`. */
export function selfMenuInfo(account: SimAccountState): Record<string, unknown> {
  const button = menuOf(account).map(({ sub_button, ...rest }) =>
    sub_button?.length ? { ...rest, sub_button: { list: sub_button } } : rest,
  )
  return { is_menu_open: button.length > 0 ? 1 : 0, selfmenu_info: { button } }
}

/** The buttons in the shape of `menu/get`: WeChat gives every button a second level, possibly empty. */
export function withSubButtons(buttons: readonly SimButton[]): SimButton[] {
  return buttons.map((b) => ({ ...b, sub_button: withSubButtons(b.sub_button ?? []) }))
}
