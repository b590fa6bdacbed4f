import { callApi, serverOption } from '../api-client.ts'
import { cliCommand, UsageError } from '../cli-command.ts'
import { passwordOption, readPassword } from '../password-prompt.ts'
import { table } from '../table.ts'
import { fetchAllPages } from './account-commands.ts'

export interface UserItem {
  name: string
  role: string
  createdAt: string
  disabledAt: string | null
}

export const ROLES = ['viewer', 'operator', 'admin'] as const
type Role = (typeof ROLES)[number]
const ROLE = 'What they may: viewer reads; operator also campaigns, followers, media; admin everything'

const name = { type: 'positional', required: true, description: 'Name of the person' } as const
const pathOf = (who: string) => `/api/users/${encodeURIComponent(who)}`

/** @throws UsageError */
export function parseRole(given = 'viewer'): Role {
  const role = ROLES.find((r) => r === given)
  if (!role) throw new UsageError(`--role is viewer, operator or admin, not ${given}`)
  return role
}

const add = cliCommand({
  name: 'add',
  description: 'Add a person; the password is asked for, or comes from a file or standard input',
  args: {
    name,
    role: { type: 'enum', options: [...ROLES], default: 'viewer', description: ROLE },
    ...passwordOption,
    ...serverOption,
  },
  async run(args) {
    const role = parseRole(args.role)
    const password = await readPassword(args)
    const user = await callApi<UserItem>(args, {
      method: 'POST',
      path: '/api/users',
      json: { name: args.name, role, password },
    })
    return { value: user, text: `${user.name}: added as ${user.role}` }
  },
})

const list = cliCommand({
  name: 'list',
  description: 'All people',
  args: { ...serverOption },
  async run(args) {
    const items = await fetchAllPages<UserItem>(args, '/api/users')
    const rows = items.map((u) => [
      u.name,
      u.role,
      u.disabledAt ? `disabled ${u.disabledAt}` : 'active',
      u.createdAt,
    ])
    return { value: { items }, text: table(['name', 'role', 'state', 'added'], rows) }
  },
})

const role = cliCommand({
  name: 'role',
  description: 'Give a person another role; it counts at once',
  args: {
    name,
    role: { type: 'positional', required: true, description: ROLES.join(', ') },
    ...serverOption,
  },
  async run(args) {
    const json = { role: parseRole(args.role) }
    const user = await callApi<UserItem>(args, { method: 'PATCH', path: pathOf(args.name), json })
    return { value: user, text: `${user.name}: ${user.role} from now on` }
  },
})

const password = cliCommand({
  name: 'password',
  description: "Give a person a new password, and end the person's sessions",
  args: { name, ...passwordOption, ...serverOption },
  async run(args) {
    const json = { password: await readPassword(args) }
    const user = await callApi<UserItem>(args, { method: 'PATCH', path: pathOf(args.name), json })
    return { value: user, text: `${user.name}: the password is changed, every session is over` }
  },
})

const setDisabled = (verb: 'disable' | 'enable') =>
  cliCommand({
    name: verb,
    description:
      verb === 'disable' ? 'Let a person in no longer, and end the sessions' : 'Let a person in again',
    args: { name, ...serverOption },
    async run(args) {
      const json = { disabled: verb === 'disable' }
      const user = await callApi<UserItem>(args, { method: 'PATCH', path: pathOf(args.name), json })
      return { value: user, text: `${user.name}: ${user.disabledAt ? 'disabled' : 'active'}` }
    },
  })

const resetSecondFactor = cliCommand({
  name: 'reset-2fa',
  description: "Remove a person's second factor (a lost phone), and end the sessions",
  args: { name, ...serverOption },
  async run(args) {
    await callApi(args, { method: 'DELETE', path: `${pathOf(args.name)}/second-factor` })
    return {
      value: { name: args.name, secondFactor: null },
      text: `${args.name}: the second factor is removed, every session is over`,
    }
  },
})

const remove = cliCommand({
  name: 'remove',
  description: 'Remove a person; what the person did stays in the audit log',
  args: { name, ...serverOption },
  async run(args) {
    await callApi(args, { method: 'DELETE', path: pathOf(args.name) })
    return { value: { name: args.name, removed: true }, text: `${args.name}: removed` }
  },
})

export const userCommands = {
  add,
  list,
  role,
  password,
  disable: setDisabled('disable'),
  enable: setDisabled('enable'),
  'reset-2fa': resetSecondFactor,
  remove,
}
