import { describe, expect, inject, it } from 'vitest'
import { measureRunSize } from '../../bench/history-size.ts'

/**
 * What a five-step run costs Temporal. Each limit is a little above the value of docs/performance.md: a workflow task that
 * waits for a busy machine adds some events.
 */
const MOST = {
  'events of a five-step run': 52,
  'state transitions of a five-step run': 22,
  'history of a five-step run, encrypted': 11_000,
  'actions of a five-step run': 14,
}

describe.skipIf(!inject('temporalAddress'))('a five-step run', () => {
  it('has no more events, state transitions, bytes and actions than allowed, and fewer events than a bare workflow', async () => {
    const figures = await measureRunSize(inject('temporalAddress') ?? '')
    const sizeOf = (name: string) => figures.find((figure) => figure.name === name)
    for (const [name, most] of Object.entries(MOST)) {
      expect(sizeOf(name)?.value, name).toBeGreaterThan(0)
      expect(sizeOf(name)?.value, name).toBeLessThanOrEqual(most)
    }
    const events = sizeOf('events of a five-step run')
    expect(events?.value).toBeLessThan(events?.reference?.value ?? 0)
  })
})
