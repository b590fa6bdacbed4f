import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Account } from '../../store/accounts/account.ts'
import { readSavedMenu, saveMenu } from '../../store/accounts/saved-menus.ts'
import { type Menu, readMenu } from '../../wechat/rules/menu.ts'
import { notFound } from '../api-error.ts'
import { appIdParam } from '../schemas/common-schemas.ts'
import { menu, menuFile, savedMenu } from '../schemas/wechat-schemas.ts'
import { requestWechat } from '../wechat-request.ts'
import {
  type ApiDeps,
  auditedChange,
  auditedExternalChange,
  createRouter,
  errorResponses,
  jsonBody,
  jsonResponse,
  notFoundResponse,
  security,
  wechatUnavailable,
} from './route-helpers.ts'

/** WeChat: no menu was created through the API. */
const NO_MENU = 46003
/** WeChat: the account may not create menus through the API. It may still read the menu of WeChat's console. */
const NOT_PERMITTED = 48001

const PATH = '/accounts/{appId}/menu'

/** `/api/accounts/{appId}/menu`: the account's custom menu (自定义菜单) */
export function createMenuRoutes(deps: ApiDeps): OpenAPIHono {
  const router = createRouter()
  getMenu(router, deps)
  replaceMenu(router, deps)
  removeMenu(router, deps)
  keepMenu(router, deps)
  readKeptMenu(router, deps)
  return router
}

/** `GET /accounts/{appId}/menu` */
function getMenu(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: PATH,
      summary: 'Get the custom menu of an account',
      description: "If the API created no menu, this is the menu of WeChat's console.",
      security,
      request: { params: appIdParam },
      responses: {
        200: jsonResponse(menu, 'The menu.'),
        ...errorResponses,
        ...notFoundResponse,
        ...wechatUnavailable,
      },
    }),
    async (c) => {
      const account = await findAccount(deps, c.req.valid('param').appId)
      const { menu: found, source } = await askMenu(deps, account)
      return c.json(menuView(found, source), 200)
    },
  )
}

/** `PUT /accounts/{appId}/menu` */
function replaceMenu(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'put',
      path: PATH,
      summary: 'Replace the custom menu of an account',
      security,
      request: { params: appIdParam, ...jsonBody(menuFile) },
      responses: {
        200: jsonResponse(menu, 'The new menu.'),
        ...errorResponses,
        ...notFoundResponse,
        ...wechatUnavailable,
      },
    }),
    async (c) => {
      const newMenu = c.req.valid('json')
      const account = await findAccount(deps, c.req.valid('param').appId)
      const note = { action: 'menu.put', target: account.appId }
      await auditedExternalChange(deps, c, note, async () => ({
        result: await requestWechat(deps, account, 'menu', (client, token) =>
          client.createMenu(token, newMenu),
        ),
      }))
      return c.json(menuView(newMenu, 'api'), 200)
    },
  )
}

/** `DELETE /accounts/{appId}/menu` */
function removeMenu(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'delete',
      path: PATH,
      summary: 'Remove the custom menu of an account',
      description: 'Conditional menus are removed too.',
      security,
      request: { params: appIdParam, query: z.strictObject({}) },
      responses: {
        204: { description: 'The menu is removed.' },
        ...errorResponses,
        ...notFoundResponse,
        ...wechatUnavailable,
      },
    }),
    async (c) => {
      const account = await findAccount(deps, c.req.valid('param').appId)
      const note = { action: 'menu.remove', target: account.appId }
      await auditedExternalChange(deps, c, note, async () => ({
        result: await requestWechat(deps, account, 'menu', (client, token) => client.deleteMenu(token), [
          NO_MENU,
        ]),
      }))
      return c.body(null, 204)
    },
  )
}

/** `POST /accounts/{appId}/menu/saved` */
function keepMenu(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: `${PATH}/saved`,
      summary: 'Save the custom menu of an account',
      description:
        'Keeps the present menu of WeChat here, before WeChat disables it. The menu that was saved before is replaced.',
      security,
      request: { params: appIdParam },
      responses: {
        200: jsonResponse(savedMenu, 'The saved menu.'),
        ...errorResponses,
        ...notFoundResponse,
        ...wechatUnavailable,
      },
    }),
    async (c) => {
      const account = await findAccount(deps, c.req.valid('param').appId)
      const { menu: found } = await askMenu(deps, account)
      const at = deps.now()
      await auditedChange(deps, c, async ({ tx }) => {
        await saveMenu(tx, account.appId, { menu: found, at })
        return { action: 'menu.save', target: account.appId, result: null }
      })
      return c.json({ savedAt: new Date(at).toISOString(), button: found.button }, 200)
    },
  )
}

/** `GET /accounts/{appId}/menu/saved` */
function readKeptMenu(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: `${PATH}/saved`,
      summary: 'Get the saved menu of an account',
      security,
      request: { params: appIdParam },
      responses: {
        200: jsonResponse(savedMenu, 'The menu that was saved last.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const account = await findAccount(deps, c.req.valid('param').appId)
      const saved = await readSavedMenu(deps.db, account.appId)
      if (!saved) throw notFound(`saved menu of account ${account.appId}`)
      return c.json({ savedAt: new Date(saved.at).toISOString(), button: saved.menu.button }, 200)
    },
  )
}

/** The menu that followers see. @throws ApiError 404 when there is none */
async function askMenu(deps: ApiDeps, account: Account): Promise<{ menu: Menu; source: 'api' | 'console' }> {
  const apiMenu = await requestWechat(deps, account, 'menu', (client, token) => client.menu(token), [
    NO_MENU,
    NOT_PERMITTED,
  ])
  const fromApi = readMenu(apiMenu?.menu)
  if (fromApi) return { menu: fromApi, source: 'api' }
  const shown = await requestWechat(deps, account, 'menu', (client, token) => client.currentMenu(token))
  const fromConsole = readMenu(shown?.selfmenu_info)
  if (!fromConsole) throw notFound(`menu of account ${account.appId}`)
  return { menu: fromConsole, source: 'console' }
}

async function findAccount({ accounts }: Pick<ApiDeps, 'accounts'>, appId: string): Promise<Account> {
  const found = await accounts.find(appId)
  if (!found) throw notFound(`account ${appId}`)
  return found
}

const menuView = ({ button }: Menu, source: 'api' | 'console') => ({ source, button })
