import { describe, expect, it } from 'vitest'
import { planOfItems } from '../../test/harness/file-plan.ts'
import { knownFacts, storedPlan } from '../run/plan.ts'

const newsOf = (items: string, fields: Parameters<typeof planOfItems>[1] = {}) => {
  const { facts, listensTo } = planOfItems(items, fields)
  return { facts, listensTo }
}
const SEND = 'send: { text: hi }'

describe('what a run must know besides interactions', () => {
  it('is nothing for a campaign without facts, tags and links, so that its plan stays as short as before', () => {
    const plan = planOfItems(`- { id: a, ${SEND} }\n- { id: b, when: { tag: vip }, ${SEND} }`)
    expect(plan).not.toHaveProperty('facts')
    expect(plan).not.toHaveProperty('listensTo')
    expect(storedPlan(plan)).toEqual({ exitKeywords: [], priority: 0, windowMs: plan.windowMs })
    expect(knownFacts(plan, { paid: true })).toBeNull()
  })

  it.each([
    ['a condition', `- { id: a, when: { facts: { paid: true } }, ${SEND} }`, ['paid']],
    ['a negated condition', `- { id: a, when: { not: { facts: { paid: true } } }, ${SEND} }`, ['paid']],
    ['a time', `- { id: a, since: { fact: visitAt }, before: 2h, ${SEND} }`, ['visitAt']],
    ['a message', `- { id: a, send: [{ text: hi }, { text: '{{ fact.doctor }}' }] }`, ['doctor']],
    [
      'a branch and its condition',
      `- { id: f, wait: 1h, branches: [{ on: { facts: { paid: true } }, steps: [{ id: g, branches: [{ when: { facts: { vip: 1 } }, steps: [] }] }] }] }`,
      ['paid', 'vip'],
    ],
  ])('is the facts of %s', (_, items, facts) => {
    expect(newsOf(items)).toEqual({ facts, listensTo: ['fact'] })
  })

  it('is every fact for a branch that takes any', () => {
    const items = `- { id: f, wait: 1h, branches: [{ on: { event: fact }, steps: [{ id: a, send: { text: '{{ fact.x }}' } }] }] }`
    expect(newsOf(items)).toEqual({ facts: undefined, listensTo: ['fact'] })
    expect(knownFacts(planOfItems(items), { y: 1 })).toEqual({ y: 1 })
  })

  it('is tags and clicks that a branch or the goal names', () => {
    const items = `- { id: f, wait: 1h, branches: [{ on: { tags: [vip] }, steps: [] }] }`
    expect(newsOf(items)).toEqual({ facts: undefined, listensTo: ['tag'] })
    const goal = { goal: { on: { links: ['shop'] }, end: true } }
    expect(newsOf(items, goal)).toEqual({ facts: undefined, listensTo: ['tag', 'link'] })
    expect(knownFacts(planOfItems(items), { y: 1 })).toBeNull()
  })

  it('is kept with the row of the run, without facts that nothing uses', () => {
    const plan = planOfItems(`- { id: a, when: { facts: { paid: true } }, ${SEND} }`)
    expect(storedPlan(plan)).toMatchObject({ facts: ['paid'], listensTo: ['fact'] })
    expect(knownFacts(plan, { paid: 1, other: 2 })).toEqual({ paid: 1 })
    expect(knownFacts(plan, { other: 2 })).toBeNull()
  })
})
