import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Access } from '../access/index.ts'
import { removeSecondFactor } from '../store/second-factors.ts'
import type { User } from '../store/users.ts'
import { conflict, notFound } from './errors.ts'
import {
  type ApiDeps,
  body,
  change,
  createPart,
  cursor,
  errors,
  json,
  listRoute,
  missing,
  pageOf,
  security,
  wrongState,
} from './kit.ts'
import { newUser, user, userParam, userPatch } from './people-schemas.ts'

/** `/api/users`: people who sign in to the console. */
export function createUsers(
  deps: Pick<ApiDeps, 'db' | 'now' | 'storesIn'> & { access: Pick<Access, 'users' | 'passwords'> },
): OpenAPIHono {
  const app = createPart()
  const { users, passwords } = deps.access

  app.openapi(
    createRoute({
      method: 'post',
      path: '/users',
      summary: 'Add a person',
      security,
      request: body(newUser),
      responses: { 201: json(user, 'Added'), ...errors, ...wrongState },
    }),
    async (c) => {
      const { name, role, password } = c.req.valid('json')
      const taken = conflict(`There is a user ${name} already.`)
      if (await users.find(name)) throw taken
      const passwordHash = await passwords.hash(password, name)
      const added = await change(deps, c, async (stores) => {
        const result = await stores.users.add({ name, role, passwordHash })
        if (!result) throw taken
        return { action: 'user.add', target: name, details: { role }, result }
      })
      return c.json(userView(added), 201)
    },
  )

  app.openapi(listRoute('/users', 'All people', user), async (c) => {
    const { cursor: from, limit } = c.req.valid('query')
    const found = await users.list({ after: cursor.read(from), limit: limit + 1 })
    const { items, next } = pageOf(found, limit, (u) => u.name)
    return c.json({ items: items.map(userView), next }, 200)
  })

  app.openapi(
    createRoute({
      method: 'patch',
      path: '/users/{name}',
      summary:
        "Change a person's role or password, or let them in no longer; the last two end their sessions",
      security,
      request: { params: userParam, ...body(userPatch) },
      responses: { 200: json(user, 'Changed'), ...errors, ...missing },
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
      const changed = await change(deps, c, async (stores) => {
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

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/users/{name}',
      summary: 'Remove a person, and end their sessions',
      security,
      request: { params: userParam },
      responses: { 204: { description: 'Removed' }, ...errors, ...missing },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      await change(deps, c, async (stores) => {
        if (!(await stores.users.remove(name))) throw notFound(`user ${name}`)
        return { action: 'user.remove', target: name, result: null }
      })
      return c.body(null, 204)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/users/{name}/second-factor',
      summary: "Remove a person's second factor (a lost phone), and end their sessions",
      security,
      request: { params: userParam, query: z.strictObject({}) },
      responses: { 204: { description: 'Removed' }, ...errors, ...missing, ...wrongState },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      if (!(await users.find(name))) throw notFound(`user ${name}`)
      await change(deps, c, async ({ tx }) => {
        if (!(await removeSecondFactor(tx, name, deps.now(), { endSessions: true })))
          throw conflict(`${name} has no second factor.`)
        return { action: 'user.second-factor-reset', target: name, result: null }
      })
      return c.body(null, 204)
    },
  )
  return app
}

/** A person as API and console show them: never the password's hash. */
export function userView({ name, role, createdAt, updatedAt, disabledAt, totpSince }: User) {
  const iso = (at: number) => new Date(at).toISOString()
  return {
    name,
    role,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
    disabledAt: disabledAt === null ? null : iso(disabledAt),
    ...(totpSince === null ? {} : { secondFactorSince: iso(totpSince) }),
  }
}
