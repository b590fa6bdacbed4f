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

describe('every route that is registered', () => {
  it('stands in the table of who may call it', async () => {
    expect(attackWebRoutes(target.web)).toEqual([])
    expect(attackWorkerRoutes(target.worker)).toEqual([])
  })

  it('is documented with the role that it needs', async () => {
    const doc = (await (await target.web.request('/api/openapi.json')).json()) as OpenApi
    expect(attackDocument(doc)).toEqual([])
  })
})

describe('who asks', () => {
  it('is refused without the right, also by other methods, and changes nothing', async () => {
    const before = await target.content()
    expect(await attackRoles(target, 'refused')).toEqual([])
    expect(await target.content()).toBe(before)
  })

  it('is let in to what may be read, and changes nothing by it', async () => {
    const before = await target.content()
    expect(await attackRoles(target, 'reads')).toEqual([])
    expect(await target.content()).toBe(before)
  })

  it('is let in to what may be changed', async () => {
    expect(await attackRoles(target, 'changes')).toEqual([])
  })
})

describe('a door', () => {
  it('is as shut under every other spelling of its path', async () => {
    const before = await target.content()
    // Coprime to the number of spellings and of routes: all of both are tried.
    expect(await attackSpellings(target, 7)).toEqual([])
    expect(await target.content()).toBe(before)
  })

  it('takes no form from a page of another site', async () => {
    expect(await attackForms(target)).toEqual([])
  })
})

describe('a stranger', () => {
  it('learns nothing by comparing the answers of one kind', async () => {
    expect(await attackTexts(target)).toEqual([])
  })

  it('costs by no request much more than a refused callback', async () => {
    const costs = await measureCosts(target, 100)
    expect(costs.length).toBeGreaterThan(20)
    expect(costs.filter(({ ratio }) => ratio > COST_MAX)).toEqual([])
  })

  it('gets no fault, nothing about the machine and the headers of every answer, however odd the request is', async () => {
    const before = await target.content()
    expect(await attackAnswers(target)).toEqual([])
    expect(await target.content()).toBe(before)
  })
})
