import { callApi, urlOption } from '../api-client.ts'
import { command, printing, type Terminal } from '../cli-command.ts'

/** Items of the API that have a name and a generated secret: hooks, and receivers of webhooks. */
interface NamedSecrets {
  /** In texts. */
  noun: string
  path: string
  /** Said before a new secret: what becomes of the previous one. */
  rotation: string
}

/** The path of one item in the API. */
export const pathOfNamed = (path: string, name: string) => `${path}/${encodeURIComponent(name)}`

/**
 * Adds an item or changes its settings, for the command `put`.
 * @param use what the secret of a new item is for
 */
export async function putNamed(
  options: Parameters<typeof callApi>[0],
  { path, name, json, use }: { path: string; name: string; json: unknown; use: string },
) {
  const put = await callApi<{ secret?: string }>(options, {
    method: 'PUT',
    path: pathOfNamed(path, name),
    json,
  })
  const notes = put.secret ? [`${name}: added. ${use}:`] : []
  return { value: put, text: put.secret ?? `${name}: changed. The secret stays`, notes }
}

export const changeSecretCommand = (terminal: Terminal, { noun, path, rotation }: NamedSecrets) =>
  command('new-secret', `Change the secret of a ${noun}; it is printed only once`)
    .argument('<name>', `Name of the ${noun}`)
    .addOption(urlOption)
    .action(
      printing(terminal, async (name, options) => {
        const changed = await callApi<{ secret: string }>(options, {
          method: 'POST',
          path: `${pathOfNamed(path, name)}/secret`,
        })
        return { value: changed, text: changed.secret, notes: [`${name}: ${rotation}. The new one:`] }
      }),
    )

export const removeNamedCommand = (terminal: Terminal, { noun, path }: NamedSecrets) =>
  command('remove', `Remove a ${noun}`)
    .argument('<name>', `Name of the ${noun}`)
    .addOption(urlOption)
    .action(
      printing(terminal, async (name, options) => {
        await callApi(options, { method: 'DELETE', path: pathOfNamed(path, name) })
        return { value: { name, removed: true }, text: `${name}: removed` }
      }),
    )
