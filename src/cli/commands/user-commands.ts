import { Argument, Option } from '@commander-js/extra-typings'
import { ROLES } from '../../auth/roles.ts'
import { callApi, fetchAllPages, urlOption } from '../api-client.ts'
import { command, commandGroup, printing, type Terminal } from '../cli-command.ts'
import { passwordFileOption, readPassword } from '../password-prompt.ts'
import { table } from '../table.ts'

export const userCommands = (terminal: Terminal) =>
  commandGroup('user', 'People who sign in to the console 用户', [
    add(terminal),
    list(terminal),
    setRole(terminal),
    setPassword(terminal),
    setDisabled(terminal, 'disable'),
    setDisabled(terminal, 'enable'),
    resetSecondFactor(terminal),
    remove(terminal),
  ])

export interface UserItem {
  name: string
  role: string
  createdAt: string
  disabledAt: string | null
  /** Absent: none is enabled. */
  secondFactorSince?: string
}

export const roleOption = new Option(
  '--role <role>',
  'viewer reads; operator also manages campaigns, followers and media; admin manages everything',
)
  .choices(ROLES)
  .default('viewer' as const)

const userCommand = (name: string, description: string) =>
  command(name, description).argument('<name>', 'Name of the user').addOption(urlOption)

const pathOf = (name: string) => `/api/users/${encodeURIComponent(name)}`

const add = (terminal: Terminal) =>
  userCommand('add', 'Add a user; the password is prompted for, or read from a file or standard input')
    .addOption(roleOption)
    .addOption(passwordFileOption)
    .action(
      printing(terminal, async (name, { role, passwordFile, ...options }) => {
        const password = await readPassword(passwordFile)
        const json = { name, role, password }
        const user = await callApi<UserItem>(options, { method: 'POST', path: '/api/users', json })
        return { value: user, text: `${user.name}: added as ${user.role}` }
      }),
    )

const list = (terminal: Terminal) =>
  command('list', 'List all users')
    .addOption(urlOption)
    .action(
      printing(terminal, async (options) => {
        const items = await fetchAllPages<UserItem>(options, '/api/users')
        const rows = items.map((u) => [
          u.name,
          u.role,
          u.disabledAt ? `disabled ${u.disabledAt}` : 'active',
          u.secondFactorSince ? 'on' : 'off',
          u.createdAt,
        ])
        return { value: { items }, text: table(['name', 'role', 'state', 'second factor', 'added'], rows) }
      }),
    )

const setRole = (terminal: Terminal) =>
  userCommand('role', "Change a user's role, effective immediately")
    .addArgument(new Argument('<role>', 'The new role').choices(ROLES))
    .action(
      printing(terminal, async (name, role, options) => {
        const user = await callApi<UserItem>(options, { method: 'PATCH', path: pathOf(name), json: { role } })
        return { value: user, text: `${user.name}: ${user.role} from now on` }
      }),
    )

const setPassword = (terminal: Terminal) =>
  userCommand('password', "Change a user's password, and end all sessions of the user")
    .addOption(passwordFileOption)
    .action(
      printing(terminal, async (name, { passwordFile, ...options }) => {
        const json = { password: await readPassword(passwordFile) }
        const user = await callApi<UserItem>(options, { method: 'PATCH', path: pathOf(name), json })
        return { value: user, text: `${user.name}: password changed, all sessions ended` }
      }),
    )

const setDisabled = (terminal: Terminal, verb: 'disable' | 'enable') =>
  userCommand(
    verb,
    verb === 'disable' ? 'Block a user from signing in, and end all sessions' : 'Let a user sign in again',
  ).action(
    printing(terminal, async (name, options) => {
      const json = { disabled: verb === 'disable' }
      const user = await callApi<UserItem>(options, { method: 'PATCH', path: pathOf(name), json })
      return { value: user, text: `${user.name}: ${user.disabledAt ? 'disabled' : 'active'}` }
    }),
  )

const resetSecondFactor = (terminal: Terminal) =>
  userCommand('reset-2fa', "Remove a user's second factor (for a lost phone), and end all sessions").action(
    printing(terminal, async (name, options) => {
      await callApi(options, { method: 'DELETE', path: `${pathOf(name)}/second-factor` })
      const text = `${name}: second factor removed, all sessions ended`
      return { value: { name, secondFactor: null }, text }
    }),
  )

const remove = (terminal: Terminal) =>
  userCommand('remove', 'Remove a user; the audit log keeps what the user did').action(
    printing(terminal, async (name, options) => {
      await callApi(options, { method: 'DELETE', path: pathOf(name) })
      return { value: { name, removed: true }, text: `${name}: removed` }
    }),
  )
