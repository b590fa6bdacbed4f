import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { done, takeNotice } from './notice.ts'

const app = new Hono()
app.post('/pause', (c) => done(c, '/campaigns/welcome', 'paused', '新粉欢迎'))
app.get('/', (c) => c.json(takeNotice(c)))

const noticeOf = async (cookie: string) => {
  const response = await app.request('/', { headers: { cookie } })
  return { notice: await response.json(), cleared: response.headers.get('set-cookie') }
}
const cookieOf = (content: unknown) =>
  `nurture_notice=${Buffer.from(JSON.stringify(content)).toString('base64url')}`

describe('the notice after a form', () => {
  it('is shown once on the next page', async () => {
    const response = await app.request('/pause', { method: 'POST' })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/campaigns/welcome')
    const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
    const { notice, cleared } = await noticeOf(cookie)
    expect(notice).toEqual({ name: 'paused', values: ['新粉欢迎'] })
    expect(cleared).toMatch(/^nurture_notice=;.*Max-Age=0/)
  })

  it.each([
    ['of an unknown name', cookieOf(['constructor', 'x'])],
    ['with a long text', cookieOf(['paused', 'x'.repeat(200)])],
    ['with many values', cookieOf(['paused', '1', '2', '3', '4', '5'])],
    ['with another type', cookieOf({ name: 'paused' })],
    ['with a number', cookieOf(['paused', 1])],
    ['that is no JSON', 'nurture_notice=abc'],
  ])('%s is not shown', async (_, cookie) => {
    expect((await noticeOf(cookie)).notice).toBeNull()
  })
})
