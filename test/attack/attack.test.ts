import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OpenApi } from '../fuzz/random-api-calls.ts'
import { attackAnswers, attackTexts, COST_MAX, measureCosts } from './anonymous-attacks.ts'
import { type AttackTarget, startAttackTarget } from './attack-target.ts'
import { attackForms, attackSpellings } from './path-attacks.ts'
import { attackRoles } from './role-attacks.ts'
import { attackDocument, attackWebRoutes, attackWorkerRoutes } from './route-attacks.ts'

let target: AttackTarget
beforeAll(async () => {
  target = await startAttackTarget()
})
afterAll(() => target?.close())

describe('every registered route', () => {
  it('has its row in the access table', async () => {
    expect(attackWebRoutes(target.web)).toEqual([])
    expect(attackWorkerRoutes(target.worker)).toEqual([])
  })

  it('is documented with the role that it needs', async () => {
    const doc = (await (await target.web.request('/api/openapi.json')).json()) as OpenApi
    expect(attackDocument(doc)).toEqual([])
  })
})

describe('a caller', () => {
  it('without the role is refused with every method, and changes nothing', async () => {
    const before = await target.content()
    expect(await attackRoles(target, 'refused')).toEqual([])
    expect(await target.content()).toBe(before)
  })

  it('with the role may read, which changes nothing', async () => {
    const before = await target.content()
    expect(await attackRoles(target, 'reads')).toEqual([])
    expect(await target.content()).toBe(before)
  })

  it('with the role may change', async () => {
    expect(await attackRoles(target, 'changes')).toEqual([])
  })
})

describe('a guarded route', () => {
  it('is refused under every other spelling of its path', async () => {
    const before = await target.content()
    // 7 is coprime to the number of spellings and of routes, so that every spelling and every route is tried.
    expect(await attackSpellings(target, 7)).toEqual([])
    expect(await target.content()).toBe(before)
  })

  it('accepts no form from a page of another site', async () => {
    expect(await attackForms(target)).toEqual([])
  })
})

describe('an anonymous client', () => {
  it('learns nothing by comparing the responses of one group', async () => {
    expect(await attackTexts(target)).toEqual([])
  })

  it(`can send no request that costs more than ${COST_MAX} refused callbacks`, async () => {
    const costs = await measureCosts(target, 100)
    expect(costs.length).toBeGreaterThan(20)
    expect(costs.filter(({ ratio }) => ratio > COST_MAX)).toEqual([])
  })

  it('gets no server error, no details of the machine and all security headers, however unusual the request', async () => {
    const before = await target.content()
    expect(await attackAnswers(target)).toEqual([])
    expect(await target.content()).toBe(before)
  })
})
