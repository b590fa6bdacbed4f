import { readYaml } from '../../campaign/read-yaml.ts'
import { callApi, fetchAllPages, formatIssue, urlOption } from '../api-client.ts'
import { CommandError, command, commandGroup, printing, type Terminal } from '../cli-command.ts'
import { table } from '../table.ts'
import { readUserText } from '../user-files.ts'

export const hookCommands = (terminal: Terminal) =>
  commandGroup('hook', 'Hooks: other systems set facts and start campaigns', [
    list(terminal),
    put(terminal),
    changeSecret(terminal),
    remove(terminal),
  ])

interface HookItem {
  name: string
  accounts: string[]
  campaign: string | null
  fields: { openId: string; campaign?: string; facts?: Record<string, string> }
  secret?: string
}

const pathOf = (name: string) => `/api/hooks/${encodeURIComponent(name)}`

const list = (terminal: Terminal) =>
  command('list', 'List the hooks')
    .addOption(urlOption)
    .action(
      printing(terminal, async (options) => {
        const items = await fetchAllPages<HookItem>(options, '/api/hooks')
        const rows = items.map(({ name, accounts, campaign, fields }) => [
          name,
          accounts.join(', '),
          campaign ?? (fields.campaign ? `from ${fields.campaign}` : 'none'),
          Object.keys(fields.facts ?? {}).join(', ') || 'facts',
        ])
        return { value: { items }, text: table(['name', 'accounts', 'campaign', 'facts'], rows) }
      }),
    )

const put = (terminal: Terminal) =>
  command('put', 'Add a hook, or change its settings. A new secret is printed only once')
    .argument('<name>', 'The last part of its path, /hooks/NAME')
    .argument('<file>', 'Its settings: {accounts, campaign?, fields?} (YAML or JSON)')
    .addOption(urlOption)
    .action(
      printing(terminal, async (name, file, options) => {
        const settings = parseSettings(readUserText(file))
        const put = await callApi<HookItem>(options, { method: 'PUT', path: pathOf(name), json: settings })
        const notes = put.secret
          ? [`${name}: added. The sender signs with this secret; it is not shown again:`]
          : []
        return { value: put, text: put.secret ?? `${name}: changed. The secret stays`, notes }
      }),
    )

const changeSecret = (terminal: Terminal) =>
  command('new-secret', 'Change the secret of a hook; it is printed only once')
    .argument('<name>', 'Name of the hook')
    .addOption(urlOption)
    .action(
      printing(terminal, async (name, options) => {
        const changed = await callApi<{ secret: string }>(options, {
          method: 'POST',
          path: `${pathOf(name)}/secret`,
        })
        const notes = [`${name}: the previous secret is accepted for another day. The new one:`]
        return { value: changed, text: changed.secret, notes }
      }),
    )

const remove = (terminal: Terminal) =>
  command('remove', 'Remove a hook')
    .argument('<name>', 'Name of the hook')
    .addOption(urlOption)
    .action(
      printing(terminal, async (name, options) => {
        await callApi(options, { method: 'DELETE', path: pathOf(name) })
        return { value: { name, removed: true }, text: `${name}: removed` }
      }),
    )

function parseSettings(source: string): unknown {
  const { value, issues } = readYaml(source)
  if (issues.length === 0) return value
  const message = 'The file is not valid YAML or JSON.'
  throw new CommandError([message, ...issues.map(formatIssue)].join('\n'), {
    error: { code: 'refused', message, issues },
  })
}
