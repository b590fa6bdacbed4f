import { readYaml } from '../../campaign/read-yaml.ts'
import { fetchAllPages, formatIssue, urlOption } from '../api-client.ts'
import { CommandError, command, commandGroup, printing, type Terminal } from '../cli-command.ts'
import { table } from '../table.ts'
import { readUserText } from '../user-files.ts'
import { changeSecretCommand, putNamed, removeNamedCommand } from './named-secret-commands.ts'

export const hookCommands = (terminal: Terminal) =>
  commandGroup('hook', 'Hooks: other systems set facts and start campaigns', [
    list(terminal),
    put(terminal),
    changeSecretCommand(terminal, HOOKS),
    removeNamedCommand(terminal, HOOKS),
  ])

interface HookItem {
  name: string
  accounts: string[]
  campaign: string | null
  fields: { openId: string; campaign?: string; facts?: Record<string, string> }
}

const HOOKS = {
  noun: 'hook',
  path: '/api/hooks',
  rotation: 'the previous secret is accepted for another day',
}

const list = (terminal: Terminal) =>
  command('list', 'List the hooks')
    .addOption(urlOption)
    .action(
      printing(terminal, async (options) => {
        const items = await fetchAllPages<HookItem>(options, HOOKS.path)
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
        const use = 'The sender signs with this secret; it is not shown again'
        return putNamed(options, { path: HOOKS.path, name, json: settings, use })
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
