import { afterAll, beforeAll, expect, it } from 'vitest'
import { ADMIN_TOKEN, type ApiHarness, campaignYaml, startApiHarness } from '../harness/api-harness.ts'
import { cookieOf, signIn, signInAs } from '../harness/console-session.ts'

const APP = 'wxstart0000000001'
let api: ApiHarness
let admin = ''
beforeAll(async () => {
  api = await startApiHarness()
  admin = (await signIn(api.web, { token: ADMIN_TOKEN })) ?? ''
})
afterAll(() => api?.close())

async function get(path: string, cookie = admin) {
  const response = await api.web.request(path, { headers: { cookie, 'accept-language': 'zh-CN' } })
  return { status: response.status, location: response.headers.get('location'), html: await response.text() }
}
const done = async () => (await get('/start/steps')).html.split('start-number done').length - 1

it('leads an empty product to the first steps, each of which knows when it is done', async () => {
  expect(await get('/')).toMatchObject({ status: 302, location: '/start' })
  const { html } = await get('/start')
  expect(html).toContain('aria-current="step"')
  expect(await done()).toBe(0)

  const skipped = await api.web.request('/start/skip', { method: 'POST', headers: { cookie: admin } })
  const cookie = cookieOf(skipped)
  expect((await get('/', `${admin}; ${cookie}`)).status).toBe(200)

  await api.addAccount({ appId: APP, name: '小鹿' })
  await api.put(campaignYaml('welcome', ['{ id: a, after: 1s, since: entry, send: { text: 你好 } }'], []))
  expect(await done()).toBe(1)
  const overview = await get('/')
  expect(overview.status).toBe(200)
  expect(overview.html).toContain('三步已完成 1 步')

  await api.app.simulator.account(APP).follow('oStart')
  await api.app.waitForRun(APP, 'oStart', (r) => r.runId !== null)
  await expect.poll(done).toBe(2)

  const real = {
    appId: 'wxreal00000000001',
    name: '真实',
    appSecret: 'test-secret-of-an-account',
    token: 'test-token-1234',
  }
  const added = await api.call('POST', '/api/accounts', { json: { ...real, mode: 'plain' } })
  expect(added.status).toBe(201)
  expect(await done()).toBe(3)
  expect((await get('/')).html).not.toContain('href="/start"')
})

it('is not for a viewer', async () => {
  const { viewer } = await signInAs(api, ['viewer'])
  expect((await get('/start', viewer)).status).toBe(403)
  expect((await get('/', viewer)).status).toBe(200)
})
