import { callApi, server } from './api-client.ts'
import { command } from './command.ts'

interface Engine {
  state: string
  namespace: string
  namespaceId: string | null
  expected: string | null
  activeRuns: number
}

const MEANING: Record<string, string> = {
  home: 'the namespace that the runs in the store live in',
  foreign:
    'not the namespace that the runs in the store live in: nothing is told to it. Correct TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE, or say: nurture engine accept',
  restoring: 'accepted; what it lacks of the active runs is being started from the store',
  unknown: 'Temporal does not answer',
}
const told = (e: Engine) =>
  `${e.namespace}: ${e.state}, ${MEANING[e.state] ?? ''}\nnamespace id ${e.namespaceId ?? 'unknown'}, expected ${e.expected ?? 'any'}; ${e.activeRuns} active runs in the store`

const show = command({
  name: 'show',
  description: 'Whether the runs in the store live in this Temporal namespace',
  args: { ...server },
  async run(args) {
    const engine = await callApi<Engine>(args, { path: '/api/engine' })
    return { value: engine, text: told(engine), failed: engine.state === 'foreign' }
  },
})

const accept = command({
  name: 'accept',
  description:
    'This Temporal is the right one: start what it lacks of the active runs, from the store. After Temporal or the store was lost, moved or restored from a backup',
  args: { ...server },
  async run(args) {
    const engine = await callApi<Engine>(args, { method: 'POST', path: '/api/engine/accept' })
    return { value: engine, text: told(engine) }
  },
})

export const engineCommands = { show, accept }
