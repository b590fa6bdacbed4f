import { describe, expect, it } from 'vitest'
import { planOfItems } from '../../test/harness/file-plan.ts'
import { grantOf, planOf, simulateRun } from '../../test/harness/run-simulation.ts'
import { applyLostSends } from './lost-sends.ts'

const SECOND = 1_000

describe('a request that the run did not know of', () => {
  const hint = planOf([{ id: 'hint', afterMs: 30 * SECOND, when: 'not-replied' }])
  const skipped = (plan = hint) => {
    const run = simulateRun(plan)
    run.runUntil(10 * SECOND)
    run.sendText('1')
    run.runUntil(40 * SECOND)
    return run.state
  }

  it.each(['sent', 'unknown'] as const)('makes its step %s, and counts against a grant', (result) => {
    const before = skipped()
    const at = before.entry.at + 5 * SECOND
    const after = applyLostSends(hint, before, [{ index: 0, result, at, reason: null }])
    expect(after.steps[0]).toMatchObject({ state: result, sentAt: result === 'sent' ? at : null })
    expect(grantOf(after, 'subscribe')?.used).toBe(1)
    expect(after.revision).toBeGreaterThan(before.revision)
  })

  it('changes nothing else when no grant of that time is left', () => {
    const before = { ...skipped(), ledger: [] }
    const lost = [{ index: 0, result: 'sent' as const, at: before.entry.at, reason: null }]
    expect(applyLostSends(hint, before, lost)).toMatchObject({ ledger: [], steps: [{ state: 'sent' }] })
  })

  it('sets the facts of its step, and ends the run for another campaign, if it was sent', () => {
    const plan = planOfItems(`
- { id: hint, after: 30s, when: not-replied, send: { text: hi }, set: { hinted: true }, go: next }
- { id: later, after: 1h, send: { text: later } }
`)
    const before = { ...skipped(plan), own: { paid: 1 } }
    const apply = (result: 'sent' | 'unknown') =>
      applyLostSends(plan, before, [{ index: 0, result, at: before.entry.at, reason: null }])
    expect(apply('sent')).toMatchObject({
      own: { paid: 1, hinted: true },
      stop: { outcome: 'completed', reason: 'go next' },
    })
    // An unknown result has written nothing.
    expect(apply('unknown')).toMatchObject({ own: { paid: 1 }, stop: null })
  })
})
