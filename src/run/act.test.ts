import { describe, expect, it } from 'vitest'
import { planOfItems } from '../../test/harness/file-plan.ts'
import { ENTRY_AT, simulateRun } from '../../test/harness/run-simulation.ts'
import { applyActResult, doneStep, effectsOf } from './act.ts'
import type { Plan, PlanStep } from './plan.ts'

const ITEMS = `
- id: test
  branches:
    - { name: a, share: 100, steps: [{ id: first, set: { seen: true }, tag: [vip], webhook: crm }] }
- { id: plain, send: { text: hi } }
`
const stepOf = (plan: Plan, id: string): PlanStep => {
  const step = plan.steps.find((s) => s.id === id)
  if (!step) throw new Error(id)
  return step
}

describe('what is written with the result of a step', () => {
  const plan = planOfItems(ITEMS)
  const { state } = simulateRun(plan)

  it('has its actions and the branches that shares have chosen', () => {
    const acts = { set: { seen: true }, webhook: 'crm' }
    expect(effectsOf(plan, state, stepOf(plan, 'first'))).toEqual({ acts, variant: 'test=a' })
    const undecided = {
      ...state,
      forks: [{ state: 'pending', took: null, openedAt: null, takenAt: null }],
    } as const
    expect(effectsOf(plan, undecided, stepOf(plan, 'first'))).toEqual({ acts, variant: null })
  })

  it('is nothing for a step that only sends and tags', () => {
    expect(effectsOf(plan, state, stepOf(plan, 'plain'))).toBeNull()
  })

  it('names the step and has the facts that the run knows after it', () => {
    const known = { ...state, own: { seen: false, doctor: '李' } }
    const effects = effectsOf(plan, known, stepOf(plan, 'first'))
    if (!effects) throw new Error('it has effects')
    expect(doneStep(known, 0, effects, ENTRY_AT)).toMatchObject({
      runKey: state.entry.key,
      stepId: 'first',
      own: { seen: true, doctor: '李' },
      at: ENTRY_AT,
    })
  })

  it('keeps the known tags when WeChat refused those of the step', () => {
    const attributes = { tags: ['old'], qrScene: '', subscribeScene: '', at: ENTRY_AT }
    const known = { ...state, attributes }
    const apply = (result: Parameters<typeof applyActResult>[3]) =>
      applyActResult(known, 0, stepOf(plan, 'first'), result, ENTRY_AT)
    expect(apply({ result: 'done' }).attributes?.tags).toEqual(['old', 'vip'])
    const untagged = apply({ result: 'done', untagged: true })
    expect(untagged.attributes?.tags).toEqual(['old'])
    expect(untagged).toMatchObject({ own: { seen: true }, steps: [{ state: 'sent' }, {}] })
  })
})
