import { stringify } from 'yaml'
import { readYaml } from '../../campaign/read-yaml.ts'
import { callApi, formatIssue, serverOption } from '../api-client.ts'
import { CommandError, cliCommand } from '../cli-command.ts'
import { readUserText } from '../user-files.ts'

interface MenuAnswer {
  source: 'api' | 'console'
  button: unknown[]
}

const appId = { type: 'positional', required: true, description: 'AppID of the account' } as const
const pathOf = (id: string) => `/api/accounts/${encodeURIComponent(id)}/menu`
const FROM_CONSOLE =
  "This menu was made in WeChat's console: WeChat switches it off with the server URL. Keep it in a file, then: nurture menu put"

const get = cliCommand({
  name: 'get',
  description: "The account's menu as a file; the one of WeChat's console where the API made none",
  args: { appId, ...serverOption },
  async run(args) {
    const { source, button } = await callApi<MenuAnswer>(args, { path: pathOf(args.appId) })
    return {
      value: { source, button },
      text: stringify({ button }).trimEnd(),
      ...(source === 'console' ? { notes: [FROM_CONSOLE] } : {}),
    }
  },
})

const put = cliCommand({
  name: 'put',
  description: 'Make the menu of a file, in place of the one that the account has',
  args: {
    appId,
    file: { type: 'positional', required: true, description: "WeChat's {button: […]} (YAML or JSON)" },
    ...serverOption,
  },
  async run(args) {
    const made = await callApi<MenuAnswer>(args, {
      method: 'PUT',
      path: pathOf(args.appId),
      json: menuOf(readUserText(args.file)),
    })
    const count = made.button.length === 1 ? 'one button' : `${made.button.length} buttons`
    const text = `${args.appId}: the menu has ${count}. Phones show it within some minutes, or after a new follow`
    return { value: made, text }
  },
})

const remove = cliCommand({
  name: 'remove',
  description: 'Remove the menu, with all its conditional ones',
  args: { appId, ...serverOption },
  async run(args) {
    await callApi(args, { method: 'DELETE', path: pathOf(args.appId) })
    return { value: { appId: args.appId, removed: true }, text: `${args.appId}: the menu is removed` }
  },
})

export const menuCommands = { get, put, remove }

/** A file may be what `menu get --json` printed: where a menu came from is not part of it. */
function menuOf(source: string): unknown {
  const { value: found, issues } = readYaml(source)
  if (issues.length > 0) {
    const message = 'The menu cannot be made.'
    throw new CommandError([message, ...issues.map(formatIssue)].join('\n'), {
      error: { code: 'refused', message, issues },
    })
  }
  if (typeof found !== 'object' || found === null || !('source' in found)) return found
  const { source: _, ...menu } = found
  return menu
}
