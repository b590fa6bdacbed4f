import { failed } from '../answering.ts'
import { judgeMenu, selfMenuInfo, withSubButtons } from '../menu.ts'
import type { SimAccountState, SimButton } from '../model.ts'
import type { Router } from './router.ts'

/** 自定义菜单. */
export function registerMenus({ route, world }: Router): void {
  route('POST', '/cgi-bin/menu/create', ({ account, body }) => {
    const code = judgeMenu(body.button)
    // `judgeMenu` has looked at each button.
    if (code === 0) setMenu(account, body.button as SimButton[])
    return failed(code)
  })
  route('GET', '/cgi-bin/menu/get', ({ account }) =>
    account.apiMenu?.length ? { menu: { button: withSubButtons(account.apiMenu) } } : failed(46003),
  )
  route('GET', '/cgi-bin/menu/delete', ({ account }) => {
    setMenu(account, [])
    return failed(0)
  })
  route('GET', '/cgi-bin/get_current_selfmenu_info', ({ account }) => selfMenuInfo(account), {
    forEveryAccount: true,
  })

  function setMenu(account: SimAccountState, buttons: SimButton[]): void {
    account.apiMenu = buttons
    world.accountChanged(account.appId)
  }
}
