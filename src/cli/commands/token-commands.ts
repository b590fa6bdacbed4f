import { callApi, fetchAllPages, urlOption } from '../api-client.ts'
import { command, commandGroup, printing, type Terminal } from '../cli-command.ts'
import { table } from '../table.ts'
import { roleOption } from './user-commands.ts'

export const tokenCommands = (terminal: Terminal) =>
  commandGroup('token', 'API tokens of scripts and command lines 令牌', [
    list(terminal),
    create(terminal),
    revoke(terminal),
  ])

interface TokenItem {
  id: string
  name: string
  role: string
  createdBy: string
  createdAt: string
  expiresAt: string | null
  lastUsedAt: string | null
}

const create = (terminal: Terminal) =>
  command('create', 'Create an API token; it is printed only once')
    .argument('<name>', 'What the token is for')
    .addOption(roleOption)
    .option('--expires <duration>', 'Lifetime, like 90d (default: until it is revoked)')
    .addOption(urlOption)
    .action(
      printing(terminal, async (name, { role, expires, ...options }) => {
        const created = await callApi<TokenItem & { token: string }>(options, {
          method: 'POST',
          path: '/api/tokens',
          json: { name, role, expires },
        })
        const lifetime = created.expiresAt ? `valid until ${created.expiresAt}` : 'valid until it is revoked'
        const notes = [`${created.id}: ${created.role}, ${lifetime}. It is not shown again:`]
        return { value: created, text: created.token, notes }
      }),
    )

const list = (terminal: Terminal) =>
  command('list', 'List all API tokens, newest first')
    .addOption(urlOption)
    .action(
      printing(terminal, async (options) => {
        const items = await fetchAllPages<TokenItem>(options, '/api/tokens')
        const rows = items.map((t) => [
          t.id,
          t.name,
          t.role,
          t.createdBy,
          t.expiresAt ?? 'never',
          t.lastUsedAt ?? 'never',
        ])
        const text = table(['id', 'name', 'role', 'created by', 'expires', 'last used'], rows)
        return { value: { items }, text }
      }),
    )

const revoke = (terminal: Terminal) =>
  command('revoke', 'Revoke an API token')
    .argument('<id>', 'Id of the token')
    .addOption(urlOption)
    .action(
      printing(terminal, async (id, options) => {
        await callApi(options, { method: 'DELETE', path: `/api/tokens/${encodeURIComponent(id)}` })
        return { value: { id, revoked: true }, text: `${id}: revoked` }
      }),
    )
