import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { newSecret as randomSecret } from '../../auth/secrets/secret-hash.ts'
import { conflict, notFound, refused } from '../api-error.ts'
import { endpointNameProblem, nameParam, newSecret } from '../schemas/event-schemas.ts'
import {
  type ApiDeps,
  auditedChange,
  cursor,
  errorResponses,
  jsonBody,
  jsonResponse,
  listRoute,
  notFoundResponse,
  security,
  type TransactionStores,
  toPage,
} from './route-helpers.ts'

interface Named {
  name: string
}

/** What the routes need from a store whose items have a name and a generated secret. */
interface NamedSecretStore<Item extends Named, Settings> {
  find(name: string): Promise<Item | null>
  list(page: { after: string; limit: number }): Promise<Item[]>
  /** Null when there is none of this name. */
  change(name: string, settings: Settings): Promise<Item | null>
  /** Null when the name is taken. */
  add(name: string, settings: Settings, secret: string): Promise<Item | null>
  /** False when there is none of this name. */
  changeSecret(name: string, secret: string): Promise<boolean>
  remove(name: string): Promise<boolean>
}

/** Hooks, or receivers of webhooks: what other systems sign with, or check signatures with. */
export interface NamedSecrets<Item extends Named, Settings, Body> {
  path: string
  /** In texts: `a hook`, `hooks`, and `hook` where the sentence is about one of them. */
  words: { one: string; many: string; it: string; settings: string }
  /** Further sentences of the OpenAPI document. */
  descriptions: { put: string; secret: string; remove?: string }
  /** The first part of the actions in the audit log. */
  action: string
  /** Marks the secrets. */
  secretPrefix: string
  schemas: { body: z.ZodType<Body>; item: z.ZodType; created: z.ZodType }
  read: Pick<NamedSecretStore<Item, Settings>, 'find' | 'list'>
  storeIn(stores: TransactionStores): NamedSecretStore<Item, Settings>
  /** @throws ApiError 422 when the settings are not accepted */
  settingsOf(body: Body): Settings | Promise<Settings>
  /** For the audit log. Has no secret. */
  detailsOf(settings: Settings): unknown
  view(item: Item): object
  /** Called after each change. */
  onChange(): void
}

/** The routes of items that have a name and a generated secret. */
export function addNamedSecretRoutes<Item extends Named, Settings, Body>(
  router: OpenAPIHono,
  deps: ApiDeps,
  items: NamedSecrets<Item, Settings, Body>,
): void {
  readItems(router, items)
  putItem(router, deps, items)
  changeSecret(router, deps, items)
  removeItem(router, deps, items)
}

/** The error for a name that there is not. */
export const noItem = ({ words }: { words: { one: string } }, name: string) =>
  notFound(`${words.one.replace(/^an? /, '')} ${name}`)

/** `GET /{path}`, `GET /{path}/{name}` */
function readItems<Item extends Named, Settings, Body>(
  router: OpenAPIHono,
  items: NamedSecrets<Item, Settings, Body>,
): void {
  const { path, words, schemas, read, view } = items
  router.openapi(listRoute(path, { summary: `List ${words.many}` }, schemas.item), async (c) => {
    const { cursor: from, limit } = c.req.valid('query')
    const found = await read.list({ after: cursor.read(from), limit: limit + 1 })
    const page = toPage(found, limit, (item) => item.name)
    return c.json({ items: page.items.map(view), next: page.next }, 200)
  })
  router.openapi(
    createRoute({
      method: 'get',
      path: `${path}/{name}`,
      summary: `Get ${words.one}`,
      security,
      request: { params: nameParam },
      responses: {
        200: jsonResponse(schemas.item, `The ${words.it}.`),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const found = await read.find(name)
      if (!found) throw noItem(items, name)
      return c.json(view(found), 200)
    },
  )
}

/** `PUT /{path}/{name}` */
function putItem<Item extends Named, Settings, Body>(
  router: OpenAPIHono,
  deps: ApiDeps,
  items: NamedSecrets<Item, Settings, Body>,
): void {
  const { path, words, schemas } = items
  // The types of a route need a schema that is no type parameter.
  const body: z.ZodType = schemas.body
  router.openapi(
    createRoute({
      method: 'put',
      path: `${path}/{name}`,
      summary: `Add ${words.one}, or change its ${words.settings}`,
      description: items.descriptions.put,
      security,
      request: { params: nameParam, ...jsonBody(body) },
      responses: {
        200: jsonResponse(schemas.item, `The changed ${words.it}. It keeps its secret.`),
        201: jsonResponse(schemas.created, `The new ${words.it}, with its secret.`),
        ...errorResponses,
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const message = endpointNameProblem(name)
      if (message) throw refused('The name is not accepted.', [{ path: 'name', message }])
      // The route has parsed it with `schemas.body`.
      const settings = await items.settingsOf(c.req.valid('json') as Body)
      const secret = randomSecret(items.secretPrefix)
      const { item, isNew } = await auditedChange(deps, c, async (stores) => {
        const store = items.storeIn(stores)
        const changed = await store.change(name, settings)
        const item = changed ?? (await store.add(name, settings, secret))
        if (!item) throw conflict(`Another call has just added ${name}. Repeat this one.`)
        const action = `${items.action}.${changed ? 'change' : 'add'}`
        const result = { item, isNew: changed === null }
        return { action, target: name, details: items.detailsOf(settings), result }
      })
      items.onChange()
      const view = items.view(item)
      return isNew ? c.json({ ...view, secret }, 201) : c.json(view, 200)
    },
  )
}

/** `POST /{path}/{name}/secret` */
function changeSecret<Item extends Named, Settings, Body>(
  router: OpenAPIHono,
  deps: ApiDeps,
  items: NamedSecrets<Item, Settings, Body>,
): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: `${items.path}/{name}/secret`,
      summary: `Change the secret of ${items.words.one}`,
      description: items.descriptions.secret,
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
      const secret = randomSecret(items.secretPrefix)
      await auditedChange(deps, c, async (stores) => {
        if (!(await items.storeIn(stores).changeSecret(name, secret))) throw noItem(items, name)
        return { action: `${items.action}.secret`, target: name, result: null }
      })
      items.onChange()
      return c.json({ name, secret }, 200)
    },
  )
}

/** `DELETE /{path}/{name}` */
function removeItem<Item extends Named, Settings, Body>(
  router: OpenAPIHono,
  deps: ApiDeps,
  items: NamedSecrets<Item, Settings, Body>,
): void {
  const { path, words, descriptions } = items
  router.openapi(
    createRoute({
      method: 'delete',
      path: `${path}/{name}`,
      summary: `Remove ${words.one}`,
      ...(descriptions.remove ? { description: descriptions.remove } : {}),
      security,
      request: { params: nameParam, query: z.strictObject({}) },
      responses: {
        204: { description: `The ${words.it} is removed.` },
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      await auditedChange(deps, c, async (stores) => {
        if (!(await items.storeIn(stores).remove(name))) throw noItem(items, name)
        return { action: `${items.action}.remove`, target: name, result: null }
      })
      items.onChange()
      return c.body(null, 204)
    },
  )
}
