import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Access } from '../access/index.ts'
import type { User } from '../store/users.ts'
import { conflict, notFound } from './errors.ts'
import {
  type ApiDeps,
  audit,
  body,
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
  deps: Pick<ApiDeps, 'db' | 'now'> & { access: Pick<Access, 'users' | 'passwords'> },
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
      const added = await users.add({ name, role, passwordHash: await passwords.hash(password, name) })
      if (!added) throw taken
      await audit(deps, c, 'user.add', name, { role })
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
      const changed = await users.change(name, {
        ...(role === undefined ? {} : { role }),
        ...(password === undefined ? {} : { passwordHash: await passwords.hash(password, name) }),
        disabled,
      })
      if (!changed) throw notFound(`user ${name}`)
      await audit(deps, c, 'user.change', name, {
        ...(role === undefined ? {} : { role }),
        ...(password === undefined ? {} : { password: 'changed' }),
        ...(disabled === undefined ? {} : { disabled }),
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
      if (!(await users.remove(name))) throw notFound(`user ${name}`)
      await audit(deps, c, 'user.remove', name)
      return c.body(null, 204)
    },
  )
  return app
}

/** A person as API and console show them: never the password's hash. */
export function userView({ name, role, createdAt, updatedAt, disabledAt }: User) {
  const iso = (at: number) => new Date(at).toISOString()
  return {
    name,
    role,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
    disabledAt: disabledAt === null ? null : iso(disabledAt),
  }
}
