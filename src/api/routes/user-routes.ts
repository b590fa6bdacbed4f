import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Auth } from '../../auth/auth.ts'
import { disableSecondFactor } from '../../store/users/second-factors.ts'
import type { User } from '../../store/users/user-store.ts'
import { conflict, notFound } from '../api-error.ts'
import { newUser, user, userParam, userPatch } from '../schemas/user-schemas.ts'
import {
  type ApiDeps,
  auditedChange,
  conflictResponse,
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

export type UserRouteDeps = Pick<ApiDeps, 'db' | 'now' | 'storesIn'> & {
  auth: Pick<Auth, 'users' | 'passwords'>
}

/** `/api/users`: users of the console */
export function createUserRoutes(deps: UserRouteDeps): OpenAPIHono {
  const router = createRouter()
  addUser(router, deps)
  listUsers(router, deps)
  changeUser(router, deps)
  removeUser(router, deps)
  resetSecondFactor(router, deps)
  return router
}

/** `POST /users` */
function addUser(router: OpenAPIHono, deps: UserRouteDeps): void {
  const { users, passwords } = deps.auth
  router.openapi(
    createRoute({
      method: 'post',
      path: '/users',
      summary: 'Add a user',
      security,
      request: jsonBody(newUser),
      responses: { 201: jsonResponse(user, 'The user.'), ...errorResponses, ...conflictResponse },
    }),
    async (c) => {
      const { name, role, password } = c.req.valid('json')
      const nameTaken = conflict(`User ${name} already exists.`)
      if (await users.find(name)) throw nameTaken
      const passwordHash = await passwords.hash(password, name)
      const added = await auditedChange(deps, c, async (stores) => {
        const result = await stores.users.add({ name, role, passwordHash })
        if (!result) throw nameTaken
        return { action: 'user.add', target: name, details: { role }, result }
      })
      return c.json(userView(added), 201)
    },
  )
}

/** `GET /users` */
function listUsers(router: OpenAPIHono, deps: UserRouteDeps): void {
  const { users } = deps.auth
  router.openapi(listRoute('/users', { summary: 'List users' }, user), async (c) => {
    const { cursor: from, limit } = c.req.valid('query')
    const found = await users.list({ after: cursor.read(from), limit: limit + 1 })
    const { items, next } = toPage(found, limit, (u) => u.name)
    return c.json({ items: items.map(userView), next }, 200)
  })
}

/** `PATCH /users/{name}` */
function changeUser(router: OpenAPIHono, deps: UserRouteDeps): void {
  const { users, passwords } = deps.auth
  router.openapi(
    createRoute({
      method: 'patch',
      path: '/users/{name}',
      summary: 'Update a user',
      description:
        'Changes the role or the password, or disables the user. A new password, and disabling, end the sessions of the user.',
      security,
      request: { params: userParam, ...jsonBody(userPatch) },
      responses: { 200: jsonResponse(user, 'The updated user.'), ...errorResponses, ...notFoundResponse },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const { password, role, disabled } = c.req.valid('json')
      if (!(await users.find(name))) throw notFound(`user ${name}`)
      const patch = {
        ...(role === undefined ? {} : { role }),
        ...(password === undefined ? {} : { passwordHash: await passwords.hash(password, name) }),
        disabled,
      }
      const changed = await auditedChange(deps, c, async (stores) => {
        const result = await stores.users.change(name, patch)
        if (!result) throw notFound(`user ${name}`)
        const details = {
          ...(role === undefined ? {} : { role }),
          ...(password === undefined ? {} : { password: 'changed' }),
          ...(disabled === undefined ? {} : { disabled }),
        }
        return { action: 'user.change', target: name, details, result }
      })
      return c.json(userView(changed), 200)
    },
  )
}

/** `DELETE /users/{name}` */
function removeUser(router: OpenAPIHono, deps: UserRouteDeps): void {
  router.openapi(
    createRoute({
      method: 'delete',
      path: '/users/{name}',
      summary: 'Remove a user',
      description: 'Ends the sessions of the user.',
      security,
      request: { params: userParam },
      responses: { 204: { description: 'The user is removed.' }, ...errorResponses, ...notFoundResponse },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      await auditedChange(deps, c, async (stores) => {
        if (!(await stores.users.remove(name))) throw notFound(`user ${name}`)
        return { action: 'user.remove', target: name, result: null }
      })
      return c.body(null, 204)
    },
  )
}

/** `DELETE /users/{name}/second-factor` */
function resetSecondFactor(router: OpenAPIHono, deps: UserRouteDeps): void {
  const { users } = deps.auth
  router.openapi(
    createRoute({
      method: 'delete',
      path: '/users/{name}/second-factor',
      summary: 'Reset the second factor of a user',
      description: 'For a lost phone. Ends the sessions of the user.',
      security,
      request: { params: userParam, query: z.strictObject({}) },
      responses: {
        204: { description: 'The second factor is removed.' },
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      if (!(await users.find(name))) throw notFound(`user ${name}`)
      await auditedChange(deps, c, async ({ tx }) => {
        if (!(await disableSecondFactor(tx, name, deps.now(), { endSessions: true })))
          throw conflict(`User ${name} has no second factor.`)
        return { action: 'user.second-factor-reset', target: name, result: null }
      })
      return c.body(null, 204)
    },
  )
}

/** A user for API and console, without the password hash. */
export function userView({ name, role, createdAt, updatedAt, disabledAt, totpEnabledAt }: User) {
  const iso = (at: number) => new Date(at).toISOString()
  return {
    name,
    role,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
    disabledAt: disabledAt === null ? null : iso(disabledAt),
    ...(totpEnabledAt === null ? {} : { secondFactorSince: iso(totpEnabledAt) }),
  }
}
