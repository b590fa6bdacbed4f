import { z } from 'zod'
import { checkMenu, menuFor, selfMenuInfo, withSubButtons } from '../../../state/menu.ts'
import type { SimAccountState } from '../../../state/model.ts'
import type { SimButton } from '../../../state/records.ts'
import { type Answer, failed } from '../../fault-responses.ts'
import type { Router } from '../../router.ts'
import { done, numberOrDigits, withBody } from '../../with-body.ts'

/** The conditions that a rule may have. The others are private since 2021 (65320) or unknown. */
const RULES = ['tag_id', 'group_id', 'client_platform_type']
const PRIVATE_RULES = ['sex', 'country', 'province', 'city', 'language']
const FIRST_MENU_ID = 433_747_234
/** The id of the default menu, which it has only beside conditional menus. */
const DEFAULT_MENU_ID = 433_747_233

/** 自定义菜单: the default menu and conditional menus. */
export function registerMenus(router: Router): void {
  const { route, wechat } = router
  route('POST', '/cgi-bin/menu/create', ({ account, body }) => {
    const code = checkMenu(body.button)
    // `checkMenu` has checked each button.
    if (code === 0) setMenu(account, body.button as SimButton[])
    return failed(code)
  })
  route('GET', '/cgi-bin/menu/get', ({ account }) =>
    account.apiMenu?.length ? storedMenus(account) : failed(46003),
  )
  route('GET', '/cgi-bin/menu/delete', ({ account }) => {
    // Conditional menus need a default menu, so they are deleted with it.
    account.records.conditionalMenus = []
    setMenu(account, [])
    return failed(0)
  })
  route('GET', '/cgi-bin/get_current_selfmenu_info', ({ account }) => selfMenuInfo(account), {
    forEveryAccount: true,
  })
  registerConditionalMenus(router)

  function setMenu(account: SimAccountState, buttons: SimButton[]): void {
    account.apiMenu = buttons
    wechat.accountChanged(account.appId)
  }
}

/** The answer of `menu/get`. The default menu has a `menuid` only beside conditional ones. Source: …/Custom_Menus/Querying_Custom_Menus.html */
function storedMenus(account: SimAccountState): Answer {
  const { conditionalMenus } = account.records
  const menu = { button: withSubButtons(account.apiMenu ?? []) }
  if (conditionalMenus.length === 0) return { menu }
  const conditionalmenu = conditionalMenus
    .toReversed()
    .map((m) => ({ ...m, button: withSubButtons(m.button) }))
  return { menu: { ...menu, menuid: DEFAULT_MENU_ID }, conditionalmenu }
}

/**
 * 个性化菜单. Codes: 65301 unknown menuid, 65303 no default menu, 65304 an empty rule, 65320 a private rule.
 * Source: https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Personalized_menu_interface.html , and 全局返回码
 */
function registerConditionalMenus({ route, wechat }: Router): void {
  const menuid = z.object({ menuid: numberOrDigits })
  const conditional = z.object({
    button: z.unknown(),
    matchrule: z.record(z.string(), z.unknown()).default({}),
  })
  route(
    'POST',
    '/cgi-bin/menu/addconditional',
    withBody(conditional, ({ button, matchrule }, { account }) => {
      if (!account.apiMenu?.length) return failed(65303)
      const conditions = Object.entries(matchrule).filter(([, value]) => value !== '' && value !== null)
      if (conditions.some(([name]) => PRIVATE_RULES.includes(name))) return failed(65320)
      if (!conditions.some(([name]) => RULES.includes(name))) return failed(65304)
      const code = checkMenu(button)
      if (code !== 0) return failed(code)
      const { conditionalMenus } = account.records
      const id = Math.max(FIRST_MENU_ID - 1, ...conditionalMenus.map((m) => m.menuid)) + 1
      // `checkMenu` has checked each button.
      conditionalMenus.push({
        menuid: id,
        button: button as SimButton[],
        matchrule: Object.fromEntries(conditions),
      })
      wechat.accountChanged(account.appId)
      return { menuid: id }
    }),
  )
  route(
    'POST',
    '/cgi-bin/menu/delconditional',
    withBody(menuid, (body, { account }) => {
      const { conditionalMenus } = account.records
      const rest = conditionalMenus.filter((m) => m.menuid !== body.menuid)
      if (rest.length === conditionalMenus.length) return failed(65301)
      account.records.conditionalMenus = rest
      wechat.accountChanged(account.appId)
      return done()
    }),
  )
  route(
    'POST',
    '/cgi-bin/menu/trymatch',
    withBody(z.object({ user_id: z.string() }), ({ user_id }, { account }) => {
      const follower = account.followers.get(user_id)
      return follower?.following ? { button: withSubButtons(menuFor(account, follower)) } : failed(65302)
    }),
  )
}
