import { callApi, urlOption } from '../api-client.ts'
import { command, commandGroup, printing, type Terminal } from '../cli-command.ts'
import { visibilityIndexCommands } from '../direct-commands/visibility-index-commands.ts'

export const temporalCommands = (terminal: Terminal) =>
  commandGroup('temporal', 'The Temporal namespace of the runs 命名空间', [
    show(terminal),
    accept(terminal),
    visibilityIndexCommands(terminal),
  ])

interface NamespaceState {
  state: string
  namespace: string
  namespaceId: string | null
  expected: string | null
  activeRuns: number
}

const STATE_MEANINGS: Record<string, string> = {
  expected: 'the namespace of the runs in the store',
  unexpected:
    'not the namespace of the runs in the store, so nothing is sent to it. Correct TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE, or run: nurture temporal accept',
  rebuilding: 'accepted; active runs that it lacks are being started from the store',
  unknown: 'Temporal is not reachable',
}

const show = (terminal: Terminal) =>
  command('show', 'Show whether this is the Temporal namespace of the runs in the store')
    .addOption(urlOption)
    .action(
      printing(terminal, async (options) => {
        const found = await callApi<NamespaceState>(options, { path: '/api/temporal' })
        return { value: found, text: describe(found), failed: found.state === 'unexpected' }
      }),
    )

const accept = (terminal: Terminal) =>
  command(
    'accept',
    'Accept this Temporal namespace, and start the active runs that it lacks. Use it after Temporal or the store was lost, moved or restored from a backup',
  )
    .addOption(urlOption)
    .action(
      printing(terminal, async (options) => {
        const found = await callApi<NamespaceState>(options, { method: 'POST', path: '/api/temporal/accept' })
        return { value: found, text: describe(found) }
      }),
    )

function describe({ state, namespace, namespaceId, expected, activeRuns }: NamespaceState): string {
  return [
    `${namespace}: ${state}, ${STATE_MEANINGS[state] ?? ''}`,
    `namespace id ${namespaceId ?? 'unknown'}, expected ${expected ?? 'any'}; ${activeRuns} active runs in the store`,
  ].join('\n')
}
