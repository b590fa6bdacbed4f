import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Account } from '../../store/accounts/account.ts'
import { type Menu, readMenu } from '../../wechat/rules/menu.ts'
import { notFound } from '../api-error.ts'
import { appIdParam, menu, menuFile } from '../schemas/api-schemas.ts'
import { requestWechat } from '../wechat-request.ts'
import {
  type ApiDeps,
  auditedExternalChange,
  createRouter,
  errorResponses,
  jsonBody,
  jsonResponse,
  notFoundResponse,
  security,
  wechatUnavailable,
} from './route-helpers.ts'

/** No menu was made through the interface. */
const NO_MENU = 46003
/** An account that may not make menus by the interface may still ask for the console's. */
const NOT_PERMITTED = 48001

/** `/api/accounts/{appId}/menu`: the account's custom menu (自定义菜单) */
export function createMenuRoutes(deps: ApiDeps): OpenAPIHono {
  const app = createRouter()
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
      responses: {
        200: jsonResponse(menu, 'The menu'),
        ...errorResponses,
        ...notFoundResponse,
        ...wechatUnavailable,
      },
    }),
    async (c) => {
      const { appId } = c.req.valid('param')
      const account = await find(appId)
      const made = await requestWechat(deps, account, 'menu', (w, token) => w.menu(token), [
        NO_MENU,
        NOT_PERMITTED,
      ])
      const byApi = readMenu(made?.menu)
      if (byApi) return c.json(menuView(byApi, 'api'), 200)
      const shown = await requestWechat(deps, account, 'menu', (w, token) => w.currentMenu(token))
      const byConsole = readMenu(shown?.selfmenu_info)
      if (!byConsole) throw notFound(`menu of account ${appId}`)
      return c.json(menuView(byConsole, 'console'), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'put',
      path,
      summary: "Make the account's custom menu, in place of the one it has",
      security,
      request: { params: appIdParam, ...jsonBody(menuFile) },
      responses: {
        200: jsonResponse(menu, 'Made'),
        ...errorResponses,
        ...notFoundResponse,
        ...wechatUnavailable,
      },
    }),
    async (c) => {
      const { appId } = c.req.valid('param')
      const newMenu = c.req.valid('json')
      const account = await find(appId)
      await auditedExternalChange(deps, c, { action: 'menu.put', target: appId }, async () => ({
        result: await requestWechat(deps, account, 'menu', (w, token) => w.createMenu(token, newMenu)),
      }))
      return c.json(menuView(newMenu, 'api'), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path,
      summary: "Remove the account's custom menu",
      security,
      request: { params: appIdParam, query: z.strictObject({}) },
      responses: {
        204: { description: 'Removed' },
        ...errorResponses,
        ...notFoundResponse,
        ...wechatUnavailable,
      },
    }),
    async (c) => {
      const { appId } = c.req.valid('param')
      const account = await find(appId)
      await auditedExternalChange(deps, c, { action: 'menu.remove', target: appId }, async () => ({
        result: await requestWechat(deps, account, 'menu', (w, token) => w.deleteMenu(token), [NO_MENU]),
      }))
      return c.body(null, 204)
    },
  )
  return app
}

const menuView = ({ button }: Menu, source: 'api' | 'console') => ({ source, button })
