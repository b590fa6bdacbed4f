import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { COMPONENT, type FakePlatform, startFakePlatform } from '../../test/fixtures/fake-platform-server.ts'

const APP = 'wxtest0000000001'

/** Every control call with a body. Those with `optional` may have none. */
const CALLS: readonly (readonly [method: 'POST' | 'PUT', path: string, body?: 'optional'])[] = [
  ['POST', '/_sim/accounts'],
  ['PUT', `/_sim/accounts/${APP}/server`],
  ['PUT', `/_sim/accounts/${APP}/agents/kf@test`],
  ['POST', `/_sim/${APP}/oTest/act`],
  ['POST', `/_sim/${APP}/oTest/fast-forward`],
  ['POST', '/_sim/faults'],
  ['POST', `/_sim/crowds/${APP}`],
  ['POST', '/_sim/component'],
  ['PUT', `/_sim/component/${COMPONENT}/server`],
  ['POST', `/_sim/component/${COMPONENT}/push-ticket`, 'optional'],
  ['POST', `/_sim/component/${COMPONENT}/revoke`, 'optional'],
  ['POST', `/_sim/component/${COMPONENT}/update-authorisation`, 'optional'],
  ['POST', `/_sim/component/${COMPONENT}/expire`, 'optional'],
  ['POST', `/_sim/component/${COMPONENT}/drop-refresh-token`, 'optional'],
  ['POST', `/_sim/component/${COMPONENT}/release-test`, 'optional'],
]
const WRONG: readonly (readonly [body: string, error: string])[] = [
  ['null', 'the body must be a JSON object, not null'],
  ['12', 'the body must be a JSON object, not a number'],
  ['true', 'the body must be a JSON object, not a boolean'],
  ['"ms"', 'the body must be a JSON object, not a text'],
  ['[]', 'the body must be a JSON object, not a list'],
  ['{"ms":', 'the body is not valid JSON'],
]
/** What a program says of itself when it breaks, and an error of zod as JSON. */
const RAW = /TypeError|Cannot|not iterable|reading '|Unexpected (?:token|end)|^\s*[[{]/

let platform: FakePlatform
beforeEach(async () => {
  platform = await startFakePlatform()
  platform.simulator.addAccount({
    appId: APP,
    appSecret: 'test-secret',
    token: 'test-token',
    mode: 'plain',
    callbackUrl: null,
  })
})
afterEach(() => platform.close())

async function call(method: string, path: string, body: string) {
  const init = { method, headers: { 'content-type': 'application/json' }, body }
  const answer = await platform.simulator.app.request(path, init)
  return { status: answer.status, ...((await answer.json()) as { error?: string }) }
}

describe('a control call of the simulator', () => {
  it('is in this table', () => {
    const routes = platform.simulator.app.routes
      .filter(({ method, path }) => /^(?:POST|PUT|PATCH)$/.test(method) && path.startsWith('/_sim/'))
      .map(({ method, path }) => `${method} ${path}`)
    const isOf = (route: string) => (path: string) =>
      new RegExp(`^${route.replace(/:\w+/g, '[^/]+')}$`).test(path)
    const calls = CALLS.map(([method, path]) => `${method} ${path}`)
    expect(routes.length).toBeGreaterThan(10)
    expect([...new Set(routes)].filter((route) => !calls.some(isOf(route)))).toEqual([])
  })

  it.each(CALLS)('says what is wrong with the body of %s %s', async (method = '', path = '', option) => {
    for (const [body, error] of WRONG)
      expect([body, await call(method, path, body)]).toEqual([body, { status: 400, error }])
    const missing = await call(method, path, '')
    if (option !== 'optional')
      expect(missing).toEqual({ status: 400, error: 'the body is missing: send a JSON object' })
    expect(missing.error ?? '').not.toMatch(RAW)
  })

  it.each(CALLS)('names the field of %s %s that is wrong', async (method = '', path = '') => {
    const fields = ['appId', 'appSecret', 'callbackUrl', 'online', 'do', 'times', 'ms', 'toNext', 'api']
    const more = ['followers', 'authorisationUrl', 'funcs', 'lost', 'group']
    for (const value of [null, [], 'x', -1, true]) {
      const wrong = Object.fromEntries([...fields, ...more].map((field) => [field, value]))
      const { status, error = '' } = await call(method, path, JSON.stringify(wrong))
      if (status < 300 && path.endsWith('/push-ticket')) continue
      expect([value, error]).toEqual([value, expect.stringMatching(/\w/)])
      expect(error).not.toMatch(RAW)
      expect([400, 404]).toContain(status)
    }
  })
})
