import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type ApiHarness, type ErrorBody, startApiHarness } from '../harness/api-harness.ts'

const APP = 'wxmenus000000001'
const BARE = 'wxmenus000000002'
const MENU = {
  button: [
    { type: 'click', name: '新手资料', key: 'guide' },
    {
      name: '更多',
      sub_button: [
        { type: 'view', name: '官网', url: 'https://example.com' },
        { type: 'click', name: '联系我们', key: 'help' },
      ],
    },
  ],
}

interface MenuBody {
  source: string
  button: unknown[]
}

describe.skipIf(!inject('temporalAddress'))("an account's custom menu", () => {
  let api: ApiHarness
  beforeAll(async () => {
    api = await startApiHarness()
    await api.addAccount({ appId: APP })
    await api.addAccount({ appId: BARE })
    api.app.simulator.wechat.account(APP).menu = [{ key: 'old', label: '旧菜单' }]
  })
  afterAll(() => api?.close())

  const path = (appId = APP) => `/api/accounts/${appId}/menu`
  const get = (appId = APP) => api.get<MenuBody>(path(appId))
  const put = <T = MenuBody>(json: unknown, appId = APP) => api.call<T>('PUT', path(appId), { json })

  it("is at first the one of WeChat's console, and can be put as it was got", async () => {
    const { status, body } = await get()
    expect(status).toBe(200)
    expect(body).toEqual({ source: 'console', button: [{ type: 'click', name: '旧菜单', key: 'old' }] })
    expect((await put({ button: body.button })).status).toBe(200)
    expect((await get()).body).toEqual({ ...body, source: 'api' })
  })

  it('is replaced as a whole', async () => {
    expect(await put(MENU)).toMatchObject({ status: 200, body: MENU })
    expect(await get()).toMatchObject({ status: 200, body: { source: 'api', ...MENU } })
  })

  it('is refused with the path of each error, and stays unchanged', async () => {
    await put(MENU)
    const invalid = {
      button: [
        { type: 'clik', name: '' },
        { type: 'view', name: 'a', url: 'b', key: 'c' },
      ],
      extra: 1,
    }
    const { status, body } = await put<ErrorBody>(invalid)
    expect(status).toBe(422)
    expect(body.error.issues?.map((i) => i.path)).toEqual([
      'extra',
      'button.0.name',
      'button.0.type',
      'button.1.key',
      'button.1.url',
    ])
    for (const none of [[], null, 'menu', { button: [] }]) expect((await put(none)).status).toBe(422)
    expect((await get()).body).toMatchObject(MENU)
  })

  it('is refused as WeChat refuses it, with the errcode', async () => {
    for (const errcode of [65301, 48001]) {
      api.app.simulator.fault({ api: 'menu/create', errcode })
      const { status, body } = await put<ErrorBody>(MENU)
      expect([status, body.error.code]).toEqual([422, 'refused'])
      expect(body.error.message).toContain(String(errcode))
    }
    api.app.simulator.fault({ api: 'menu/create', status: 502 })
    expect(await put<ErrorBody>(MENU)).toMatchObject({
      status: 503,
      body: { error: { code: 'wechat-unavailable' } },
    })
  })

  it('can be read where the account may not make one', async () => {
    const wechat = api.app.simulator.account(APP)
    wechat.setTrust({ certified: false })
    expect((await put(MENU)).status).toBe(422)
    expect((await get()).body).toMatchObject({ source: 'console' })
    wechat.setTrust({ certified: true })
  })

  it('is gone once removed, and may be removed again', async () => {
    await put(MENU)
    for (const _ of ['first', 'again'])
      expect(await api.call('DELETE', path())).toMatchObject({ status: 204, text: '' })
    expect((await get()).status).toBe(404)
  })

  it('gets 404 without an account, and where none was created', async () => {
    expect((await get(BARE)).status).toBe(404)
    expect((await get('wxnobody00000001')).status).toBe(404)
    expect((await put(MENU, 'wxnobody00000001')).status).toBe(404)
    expect((await api.call('DELETE', path('wxnobody00000001'))).status).toBe(404)
  })
})
