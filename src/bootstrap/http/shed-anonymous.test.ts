import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { cookieNames } from '../../auth/http/cookie-names.ts'
import { createKnownCredentials } from '../../auth/known-credentials.ts'
import { challengeTokens, sessionTokens } from '../../auth/sign-in/browser-session.ts'
import { createAnonymousShedding } from './shed-anonymous.ts'

const ADMIN_TOKEN = 'test-admin-token'
const cookies = cookieNames(undefined)

/** An app with one route, its event loop `lateMs` late. The clock stands still, so no further request is served. */
function createHarness(lateMs: number) {
  const knownCredentials = createKnownCredentials(ADMIN_TOKEN)
  const lateness = { ms: lateMs }
  let shed = 0
  const count = () => {
    shed += 1
  }
  const app = new Hono()
  let held = 0
  const hold = async () => {
    held += 1
  }
  const auth = { cookies, knownCredentials }
  app.use(createAnonymousShedding({ auth, lateness, count, now: () => 0, hold }))
  app.all('/', (c) => c.text('served'))
  const get = (headers: Record<string, string> = {}) => app.request('/', { headers })
  /** Sends anonymous requests until one is refused. @returns the number of served ones */
  const exhaust = async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => get()))
    return answers.filter(({ status }) => status === 200).length
  }
  return { knownCredentials, lateness, get, exhaust, shed: () => shed, held: () => held }
}

it('serves every anonymous request while the event loop is on time', async () => {
  const { exhaust, shed } = createHarness(50)
  expect(await exhaust()).toBe(100)
  expect(shed()).toBe(0)
})

it('serves a few anonymous requests while the event loop is late, and refuses the others', async () => {
  const { exhaust, shed, held, get, lateness } = createHarness(150)
  expect(await exhaust()).toBe(40)
  expect([shed(), held()]).toEqual([60, 60])
  const refused = await get()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  lateness.ms = 0
  expect((await get()).status).toBe(200)
})

describe('while anonymous requests are refused', () => {
  const issue = (tokens: ReturnType<typeof sessionTokens>) => tokens.issue()
  it.each([
    ['the admin token', 200, { authorization: `Bearer ${ADMIN_TOKEN}` }],
    ['an API token that was used before', 200, { authorization: 'Bearer fnt_used' }],
    ['another API token', 503, { authorization: 'Bearer fnt_other' }],
    ['a session', 200, { cookie: `${cookies.session}=${issue(sessionTokens(ADMIN_TOKEN))}` }],
    [
      'the second step of a sign-in',
      200,
      { cookie: `${cookies.challenge}=${issue(challengeTokens(ADMIN_TOKEN))}` },
    ],
    ['a made-up session', 503, { cookie: `${cookies.session}=${issue(sessionTokens('another key'))}` }],
  ])('a request with %s: %i', async (_, status, headers) => {
    const { knownCredentials, exhaust, get } = createHarness(150)
    knownCredentials.recordBearer('Bearer fnt_used')
    await exhaust()
    expect((await get(headers as Record<string, string>)).status).toBe(status)
  })
})
