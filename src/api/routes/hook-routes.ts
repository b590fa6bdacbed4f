import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { newSecret as randomSecret } from '../../auth/secrets/secret-hash.ts'
import { registeredAmong } from '../../store/accounts/removed-accounts.ts'
import type { Hook } from '../../store/hooks/hook-store.ts'
import { conflict, notFound, refused } from '../api-error.ts'
import {
  createdHook,
  endpointNameProblem,
  hook,
  hookBody,
  nameParam,
  newSecret,
} from '../schemas/event-schemas.ts'
import {
  type ApiDeps,
  auditedChange,
  createRouter,
  cursor,
  errorResponses,
  jsonBody,
  jsonResponse,
  listRoute,
  notFoundResponse,
  security,
  toPage,
} from './route-helpers.ts'

/** Marks a secret that other systems sign with. */
const SECRET_PREFIX = 'hks_'

/** `/api/hooks`: the settings of hooks. `createHookEndpoint` serves their requests. */
export function createHookRoutes(deps: ApiDeps): OpenAPIHono {
  const router = createRouter()
  readHooks(router, deps)
  putHook(router, deps)
  changeHookSecret(router, deps)
  deleteHook(router, deps)
  return router
}

/** `GET /hooks`, `GET /hooks/{name}` */
function readHooks(router: OpenAPIHono, { hooks }: ApiDeps): void {
  router.openapi(listRoute('/hooks', { summary: 'List hooks' }, hook), async (c) => {
    const { cursor: from, limit } = c.req.valid('query')
    const found = await hooks.list({ after: cursor.read(from), limit: limit + 1 })
    const { items, next } = toPage(found, limit, (h) => h.name)
    return c.json({ items: items.map(viewHook), next }, 200)
  })
  router.openapi(
    createRoute({
      method: 'get',
      path: '/hooks/{name}',
      summary: 'Get a hook',
      security,
      request: { params: nameParam },
      responses: { 200: jsonResponse(hook, 'The hook.'), ...errorResponses, ...notFoundResponse },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const found = await hooks.find(name)
      if (!found) throw noHook(name)
      return c.json(viewHook(found), 200)
    },
  )
}

/** `PUT /hooks/{name}` */
function putHook(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'put',
      path: '/hooks/{name}',
      summary: 'Add a hook, or change its settings',
      description:
        'Another system then sends signed requests to `/hooks/{name}`, outside of `/api`. The secret is generated.',
      security,
      request: { params: nameParam, ...jsonBody(hookBody) },
      responses: {
        200: jsonResponse(hook, 'The changed hook. It keeps its secret.'),
        201: jsonResponse(createdHook, 'The new hook, with its secret.'),
        ...errorResponses,
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const { accounts, ...rest } = c.req.valid('json')
      const settings = { ...rest, accounts: [...new Set(accounts)] }
      const problem = endpointNameProblem(name)
      if (problem) throw refused('The name is not accepted.', [{ path: 'name', message: problem }])
      await requireRegistered(deps, accounts)
      const secret = randomSecret(SECRET_PREFIX)
      const { changedHook, isNew } = await auditedChange(deps, c, async (stores) => {
        const changed = await stores.hooks.change(name, settings)
        const changedHook = changed ?? (await stores.hooks.add(name, settings, secret))
        if (!changedHook) throw conflict(`Another call has just added ${name}. Repeat this one.`)
        const action = changed ? 'hook.change' : 'hook.add'
        return { action, target: name, details: settings, result: { changedHook, isNew: changed === null } }
      })
      deps.hooksChanged()
      const view = viewHook(changedHook)
      return isNew ? c.json({ ...view, secret }, 201) : c.json(view, 200)
    },
  )
}

/** `POST /hooks/{name}/secret` */
function changeHookSecret(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/hooks/{name}/secret',
      summary: 'Change the secret of a hook',
      description: 'The previous secret is accepted for another day.',
      security,
      request: { params: nameParam },
      responses: {
        200: jsonResponse(newSecret, 'The new secret.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const secret = randomSecret(SECRET_PREFIX)
      await auditedChange(deps, c, async ({ hooks }) => {
        if (!(await hooks.changeSecret(name, secret))) throw noHook(name)
        return { action: 'hook.secret', target: name, result: null }
      })
      deps.hooksChanged()
      return c.json({ name, secret }, 200)
    },
  )
}

/** `DELETE /hooks/{name}` */
function deleteHook(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'delete',
      path: '/hooks/{name}',
      summary: 'Remove a hook',
      security,
      request: { params: nameParam, query: z.strictObject({}) },
      responses: { 204: { description: 'The hook is removed.' }, ...errorResponses, ...notFoundResponse },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      await auditedChange(deps, c, async ({ hooks }) => {
        if (!(await hooks.remove(name))) throw noHook(name)
        return { action: 'hook.remove', target: name, result: null }
      })
      deps.hooksChanged()
      return c.body(null, 204)
    },
  )
}

/** @throws ApiError 422 naming each account that is not registered */
async function requireRegistered({ db }: Pick<ApiDeps, 'db'>, accounts: readonly string[]): Promise<void> {
  const registered = await registeredAmong(db, accounts)
  const issues = accounts.flatMap((appId, i) =>
    registered.has(appId) ? [] : [{ path: `accounts.${i}`, message: `there is no account ${appId}` }],
  )
  if (issues.length > 0) throw refused('The hook has unknown accounts.', issues)
}

const noHook = (name: string) => notFound(`hook ${name}`)

function viewHook({ name, settings, createdAt, updatedAt }: Hook) {
  const iso = (at: number) => new Date(at).toISOString()
  const { accounts, campaign, fields } = settings
  return {
    name,
    accounts: [...accounts],
    campaign,
    fields: { ...fields, ...(fields.facts ? { facts: { ...fields.facts } } : {}) },
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
  }
}
