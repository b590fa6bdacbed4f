import { callApi, serverOption } from '../api-client.ts'
import { cliCommand } from '../cli-command.ts'

interface TemporalState {
  state: string
  namespace: string
  namespaceId: string | null
  expected: string | null
  activeRuns: number
}

const STATE_MEANINGS: Record<string, string> = {
  expected: 'the namespace that the runs in the store live in',
  unexpected:
    'not the namespace that the runs in the store live in: nothing is told to it. Correct TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE, or say: nurture engine accept',
  rebuilding: 'accepted; what it lacks of the active runs is being started from the store',
  unknown: 'Temporal does not answer',
}
const describeState = (e: TemporalState) =>
  `${e.namespace}: ${e.state}, ${STATE_MEANINGS[e.state] ?? ''}\nnamespace id ${e.namespaceId ?? 'unknown'}, expected ${e.expected ?? 'any'}; ${e.activeRuns} active runs in the store`

const show = cliCommand({
  name: 'show',
  description: 'Whether the runs in the store live in this Temporal namespace',
  args: { ...serverOption },
  async run(args) {
    const state = await callApi<TemporalState>(args, { path: '/api/engine' })
    return { value: state, text: describeState(state), failed: state.state === 'unexpected' }
  },
})

const accept = cliCommand({
  name: 'accept',
  description:
    'This Temporal is the right one: start what it lacks of the active runs, from the store. After Temporal or the store was lost, moved or restored from a backup',
  args: { ...serverOption },
  async run(args) {
    const state = await callApi<TemporalState>(args, { method: 'POST', path: '/api/engine/accept' })
    return { value: state, text: describeState(state) }
  },
})

export const temporalCommands = { show, accept }
