import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { staticJson } from './static-json.ts'

it('builds its response once, however often it is requested', async () => {
  let made = 0
  const app = new Hono().get(
    '/',
    staticJson(() => ({ made: ++made })),
  )
  for (let n = 0; n < 1_000; n++) {
    const answer = await app.request('/')
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.json()).toEqual({ made: 1 })
  }
  expect(made).toBe(1)
})
