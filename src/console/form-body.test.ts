import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { type BodyReservation, createBodyBudget } from '../api/body/body-budget.ts'
import { boundedForm } from './form-body.ts'

it('counts the forms of a whole IPv6 /48 together, and an IPv4 address alone', async () => {
  const counted: (string | null)[] = []
  const budget = createBodyBudget()
  const open = (...[pool, sender]: Parameters<typeof budget.reserve>): BodyReservation => {
    counted.push(sender)
    return budget.reserve(pool, sender)
  }
  for (const address of ['2001:db8:7:1::/64', '2001:db8:7:ffff::/64', '192.0.2.1', null]) {
    const app = new Hono()
    app.use(
      boundedForm(
        { bodyBudget: { ...budget, reserve: open }, client: () => ({ address, https: false }) },
        'anonymous',
      ),
    )
    app.post('/', (c) => c.text('read'))
    expect((await app.request('/', { method: 'POST', body: 'name=lin' })).status).toBe(200)
  }
  expect(counted).toEqual(['2001:db8:7::/48', '2001:db8:7::/48', '192.0.2.1', null])
})
