import { expect, inject, it } from 'vitest'
import { BYTES_TOLERANCE, COST_LIMITS, FORK_LIMITS } from '../../bench/cost-limits.ts'
import { measureForks, measureRun } from '../../bench/history-size.ts'

const address = inject('temporalAddress')

it.skipIf(!address)(
  'a run of five steps costs Temporal no more events, transitions, bytes and actions than its limits',
  async () => {
    const { events, transitions, bytes, actions } = await measureRun(address)
    const { run } = COST_LIMITS
    expect(events).toBeLessThanOrEqual(run.events)
    expect(transitions).toBeLessThanOrEqual(run.transitions)
    expect(bytes).toBeLessThanOrEqual(run.bytes * BYTES_TOLERANCE)
    expect(actions).toBeLessThanOrEqual(run.actions)
  },
)

it.skipIf(!address)('forks cost a run of ten messages few events and bytes more', async () => {
  const { plain, forked } = await measureForks(address)
  expect(forked.events / plain.events).toBeLessThanOrEqual(FORK_LIMITS.events)
  expect(forked.bytes / plain.bytes).toBeLessThanOrEqual(FORK_LIMITS.bytes)
})
