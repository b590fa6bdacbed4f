import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OpenApi } from '../fuzz/api-calls.ts'
import { attackAnswers, attackTexts, COST_MAX, measureCosts } from './anonymous.ts'
import { attackForms, attackSpellings } from './doors.ts'
import { type Attacked, startAttacked } from './product.ts'
import { attackRoles } from './roles.ts'
import { attackDocument, attackWebRoutes, attackWorkerRoutes } from './routes.ts'

let attacked: Attacked
beforeAll(async () => {
  attacked = await startAttacked()
})
afterAll(() => attacked?.close())

describe('every route that is registered', () => {
  it('stands in the table of who may call it', async () => {
    expect(attackWebRoutes(attacked.web)).toEqual([])
    expect(attackWorkerRoutes(attacked.worker)).toEqual([])
  })

  it('is documented with the role that it needs', async () => {
    const doc = (await (await attacked.web.request('/api/openapi.json')).json()) as OpenApi
    expect(attackDocument(doc)).toEqual([])
  })
})

describe('who asks', () => {
  it('is refused without the right, also by other methods, and changes nothing', async () => {
    const before = await attacked.content()
    expect(await attackRoles(attacked, 'refused')).toEqual([])
    expect(await attacked.content()).toBe(before)
  })

  it('is let in to what may be read, and changes nothing by it', async () => {
    const before = await attacked.content()
    expect(await attackRoles(attacked, 'reads')).toEqual([])
    expect(await attacked.content()).toBe(before)
  })

  it('is let in to what may be changed', async () => {
    expect(await attackRoles(attacked, 'changes')).toEqual([])
  })
})

describe('a door', () => {
  it('is as shut under every other spelling of its path', async () => {
    const before = await attacked.content()
    // Coprime to the number of spellings and of routes: all of both are tried.
    expect(await attackSpellings(attacked, 7)).toEqual([])
    expect(await attacked.content()).toBe(before)
  })

  it('takes no form from a page of another site', async () => {
    expect(await attackForms(attacked)).toEqual([])
  })
})

describe('a stranger', () => {
  it('learns nothing by comparing the answers of one kind', async () => {
    expect(await attackTexts(attacked)).toEqual([])
  })

  it('costs by no request much more than a refused callback', async () => {
    const costs = await measureCosts(attacked, 100)
    expect(costs.length).toBeGreaterThan(20)
    expect(costs.filter(({ ratio }) => ratio > COST_MAX)).toEqual([])
  })

  it('gets no fault, nothing about the machine and the headers of every answer, however odd the request is', async () => {
    const before = await attacked.content()
    expect(await attackAnswers(attacked)).toEqual([])
    expect(await attacked.content()).toBe(before)
  })
})
