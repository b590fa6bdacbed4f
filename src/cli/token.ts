import { allPages } from './account.ts'
import { callApi, server } from './api-client.ts'
import { command } from './command.ts'
import { table } from './table.ts'
import { ROLES, roleOf } from './user.ts'

interface TokenItem {
  id: string
  name: string
  role: string
  createdBy: string
  createdAt: string
  expiresAt: string | null
  lastUsedAt: string | null
}

const create = command({
  name: 'create',
  description: 'Make an API token; it is printed this once',
  args: {
    name: { type: 'positional', required: true, description: 'What it is for' },
    role: { type: 'enum', options: [...ROLES], default: 'viewer', description: 'What it may' },
    expires: {
      type: 'string',
      description: 'How long it works, like 90d (default: until it is revoked)',
      valueHint: '90d',
    },
    ...server,
  },
  async run(args) {
    const made = await callApi<TokenItem & { token: string }>(args, {
      method: 'POST',
      path: '/api/tokens',
      json: {
        name: args.name,
        role: roleOf(args.role),
        ...(args.expires === undefined ? {} : { expires: args.expires }),
      },
    })
    const life = made.expiresAt ? `works until ${made.expiresAt}` : 'works until it is revoked'
    const notes = [`${made.id}: ${made.role}, ${life}. It is not shown again:`]
    return { value: made, text: made.token, notes }
  },
})

const list = command({
  name: 'list',
  description: 'All API tokens, newest first',
  args: { ...server },
  async run(args) {
    const items = await allPages<TokenItem>(args, '/api/tokens')
    const rows = items.map((t) => [
      t.id,
      t.name,
      t.role,
      t.createdBy,
      t.expiresAt ?? 'never',
      t.lastUsedAt ?? 'never',
    ])
    return {
      value: { items },
      text: table(['id', 'name', 'role', 'made by', 'expires', 'last used'], rows),
    }
  },
})

const revoke = command({
  name: 'revoke',
  description: 'Make an API token work no longer',
  args: { id: { type: 'positional', required: true, description: 'id of the token' }, ...server },
  async run(args) {
    await callApi(args, { method: 'DELETE', path: `/api/tokens/${encodeURIComponent(args.id)}` })
    return { value: { id: args.id, revoked: true }, text: `${args.id}: revoked` }
  },
})

export const tokenCommands = { list, create, revoke }
