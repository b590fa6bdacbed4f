import { stringify } from 'yaml'
import { readYaml } from '../../campaign/read-yaml.ts'
import { callApi, formatIssue, urlOption } from '../api-client.ts'
import { CommandError, command, commandGroup, printing, type Terminal } from '../cli-command.ts'
import { readUserText } from '../user-files.ts'

export const menuCommands = (terminal: Terminal) =>
  commandGroup('menu', "An account's custom menu 自定义菜单", [
    get(terminal),
    put(terminal),
    remove(terminal),
  ])

interface MenuAnswer {
  source: 'api' | 'console'
  button: unknown[]
}

const FROM_CONSOLE =
  "This menu was made in WeChat's console, which disables it once a server URL is set. Save it to a file, then run: nurture menu put"

const menuCommand = (name: string, description: string) =>
  command(name, description).argument('<appId>', 'AppID of the account').addOption(urlOption)

const pathOf = (appId: string) => `/api/accounts/${encodeURIComponent(appId)}/menu`

const get = (terminal: Terminal) =>
  menuCommand(
    'get',
    "Print the account's menu as a file; the one of WeChat's console if the API made none",
  ).action(
    printing(terminal, async (appId, options) => {
      const { source, button } = await callApi<MenuAnswer>(options, { path: pathOf(appId) })
      return {
        value: { source, button },
        text: stringify({ button }).trimEnd(),
        notes: source === 'console' ? [FROM_CONSOLE] : [],
      }
    }),
  )

const put = (terminal: Terminal) =>
  menuCommand('put', 'Replace the menu of the account with the one in a file')
    .argument('<file>', "WeChat's {button: […]} (YAML or JSON)")
    .action(
      printing(terminal, async (appId, file, options) => {
        const menu = await callApi<MenuAnswer>(options, {
          method: 'PUT',
          path: pathOf(appId),
          json: parseMenu(readUserText(file)),
        })
        const count = menu.button.length === 1 ? '1 button' : `${menu.button.length} buttons`
        const text = `${appId}: the menu has ${count}. Phones show it within a few minutes, or after a new follow`
        return { value: menu, text }
      }),
    )

const remove = (terminal: Terminal) =>
  menuCommand('remove', 'Remove the menu, with all its conditional menus').action(
    printing(terminal, async (appId, options) => {
      await callApi(options, { method: 'DELETE', path: pathOf(appId) })
      return { value: { appId, removed: true }, text: `${appId}: menu removed` }
    }),
  )

/** A file may be the output of `menu get --json`, whose `source` is not part of a menu. */
function parseMenu(source: string): unknown {
  const { value, issues } = readYaml(source)
  if (issues.length > 0) {
    const message = 'The file is not a valid menu.'
    throw new CommandError([message, ...issues.map(formatIssue)].join('\n'), {
      error: { code: 'refused', message, issues },
    })
  }
  if (typeof value !== 'object' || value === null || !('source' in value)) return value
  const { source: _, ...menu } = value
  return menu
}
