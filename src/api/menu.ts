import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Account } from '../store/accounts.ts'
import { type Menu, readMenu } from '../wechat/menu.ts'
import { notFound } from './errors.ts'
import {
  type ApiDeps,
  body,
  changeElsewhere,
  createPart,
  errors,
  json,
  missing,
  security,
  wechatAway,
} from './kit.ts'
import { appIdParam, menu, menuFile } from './schemas.ts'
import { callWechat } from './wechat-call.ts'

/** No menu was made through the interface. */
const NO_MENU = 46003
/** An account that may not make menus by the interface may still ask for the console's. */
const MAY_NOT = 48001

/** `/api/accounts/{appId}/menu`: the account's custom menu (自定义菜单) */
export function createMenu(deps: ApiDeps): OpenAPIHono {
  const app = createPart()
  const path = '/accounts/{appId}/menu'
  const find = async (appId: string): Promise<Account> => {
    const found = await deps.accounts.find(appId)
    if (!found) throw notFound(`account ${appId}`)
    return found
  }

  app.openapi(
    createRoute({
      method: 'get',
      path,
      summary: "The account's custom menu; the one made in WeChat's console where the API made none",
      security,
      request: { params: appIdParam },
      responses: { 200: json(menu, 'The menu'), ...errors, ...missing, ...wechatAway },
    }),
    async (c) => {
      const { appId } = c.req.valid('param')
      const account = await find(appId)
      const made = await callWechat(deps, account, 'menu', (w, token) => w.menu(token), [NO_MENU, MAY_NOT])
      const byApi = readMenu(made?.menu)
      if (byApi) return c.json(view(byApi, 'api'), 200)
      const shown = await callWechat(deps, account, 'menu', (w, token) => w.currentMenu(token))
      const byConsole = readMenu(shown?.selfmenu_info)
      if (!byConsole) throw notFound(`menu of account ${appId}`)
      return c.json(view(byConsole, 'console'), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'put',
      path,
      summary: "Make the account's custom menu, in place of the one it has",
      security,
      request: { params: appIdParam, ...body(menuFile) },
      responses: { 200: json(menu, 'Made'), ...errors, ...missing, ...wechatAway },
    }),
    async (c) => {
      const { appId } = c.req.valid('param')
      const wish = c.req.valid('json')
      const account = await find(appId)
      await changeElsewhere(deps, c, { action: 'menu.put', target: appId }, async () => ({
        result: await callWechat(deps, account, 'menu', (w, token) => w.createMenu(token, wish)),
      }))
      return c.json(view(wish, 'api'), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path,
      summary: "Remove the account's custom menu",
      security,
      request: { params: appIdParam, query: z.strictObject({}) },
      responses: { 204: { description: 'Removed' }, ...errors, ...missing, ...wechatAway },
    }),
    async (c) => {
      const { appId } = c.req.valid('param')
      const account = await find(appId)
      await changeElsewhere(deps, c, { action: 'menu.remove', target: appId }, async () => ({
        result: await callWechat(deps, account, 'menu', (w, token) => w.deleteMenu(token), [NO_MENU]),
      }))
      return c.body(null, 204)
    },
  )
  return app
}

const view = ({ button }: Menu, source: 'api' | 'console') => ({ source, button })
