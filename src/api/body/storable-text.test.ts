import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { ApiError } from '../api-error.ts'
import { rejectUnstorableText } from './storable-text.ts'

const app = new Hono()
app.onError((err, c) =>
  err instanceof ApiError ? c.json({ issues: err.issues }, err.status) : c.text('fault', 500),
)
app.use('/api/*', rejectUnstorableText)
app.post('/api/*', async (c) => c.text(await c.req.text()))
const post = (path: string, body: string) => app.request(path, { method: 'POST', body })

describe('a body with a text that cannot be stored', () => {
  it.each([
    ['{"reason":"bye \\ud83d"}', ['reason']],
    ['{"variables":{"shop":"\\ude00x"}}', ['variables.shop']],
    ['{"a":["ok","\\u0000"],"\\ud800":1}', ['a.1', '\uFFFD']],
    ['"\\udfff"', ['']],
  ])('%s is refused with its path', async (body, paths) => {
    const answer = await post('/api/followers/wx/o/cancel', body)
    expect(answer.status).toBe(422)
    const { issues } = (await answer.json()) as { issues: { path: string }[] }
    expect(issues.map((i) => i.path)).toEqual(paths)
  })

  it.each(['{"reason":"\\ud83d\\ude00 \\u4f60"}', '{"reason":"😀 \\\\ud83d"}', 'no \\ud83d JSON', ''])(
    '%j is forwarded unchanged',
    async (body) => {
      const answer = await post('/api/accounts', body)
      expect(answer.status).toBe(200)
      expect(await answer.text()).toBe(body)
    },
  )

  it.each(['/api/followers/wx/%00', '/api/followers?appId=a%00b'])('%s is refused', async (path) => {
    expect((await app.request(path)).status).toBe(422)
  })
})
