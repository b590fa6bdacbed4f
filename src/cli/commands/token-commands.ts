import { callApi, serverOption } from '../api-client.ts'
import { cliCommand } from '../cli-command.ts'
import { table } from '../table.ts'
import { fetchAllPages } from './account-commands.ts'
import { parseRole, ROLES } from './user-commands.ts'

interface TokenItem {
  id: string
  name: string
  role: string
  createdBy: string
  createdAt: string
  expiresAt: string | null
  lastUsedAt: string | null
}

const create = cliCommand({
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
    ...serverOption,
  },
  async run(args) {
    const made = await callApi<TokenItem & { token: string }>(args, {
      method: 'POST',
      path: '/api/tokens',
      json: {
        name: args.name,
        role: parseRole(args.role),
        ...(args.expires === undefined ? {} : { expires: args.expires }),
      },
    })
    const lifetime = made.expiresAt ? `works until ${made.expiresAt}` : 'works until it is revoked'
    const notes = [`${made.id}: ${made.role}, ${lifetime}. It is not shown again:`]
    return { value: made, text: made.token, notes }
  },
})

const list = cliCommand({
  name: 'list',
  description: 'All API tokens, newest first',
  args: { ...serverOption },
  async run(args) {
    const items = await fetchAllPages<TokenItem>(args, '/api/tokens')
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

const revoke = cliCommand({
  name: 'revoke',
  description: 'Make an API token work no longer',
  args: { id: { type: 'positional', required: true, description: 'id of the token' }, ...serverOption },
  async run(args) {
    await callApi(args, { method: 'DELETE', path: `/api/tokens/${encodeURIComponent(args.id)}` })
    return { value: { id: args.id, revoked: true }, text: `${args.id}: revoked` }
  },
})

export const tokenCommands = { list, create, revoke }
