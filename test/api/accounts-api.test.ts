import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AccountBody,
  type ApiHarness,
  campaignYaml,
  type ErrorBody,
  type FollowerBody,
  type Page,
  SECRETS,
  startApiHarness,
} from '../harness/api-harness.ts'

const APP = 'wxaccounts000001'
const OTHER_SECRET = 'test-app-secret-of-nobody'

let api: ApiHarness
let apiBase: string | null
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP, mode: 'compatible' })
  apiBase = (await api.app.services.accounts.find(APP))?.apiBase ?? null
  await api.put(
    campaignYaml('soon', ['{ id: hello, after: 1s, send: { text: 你好 } }'], [`accounts: [${APP}]`]),
  )
})
afterAll(() => api?.close())

/** A valid registration. */
const accountBody = (appId: string, settings: object = {}) => ({
  appId,
  ...SECRETS,
  mode: 'security',
  ...settings,
})
const register = (account: object, query = '') =>
  api.call<AccountBody>('POST', `/api/accounts${query}`, { json: account })

/** Adds an account to the simulated WeChat only. */
function knownAtWechat(appId: string) {
  const callbackUrl = `${api.app.callbackUrl}/wechat/${appId}`
  api.app.simulator.addAccount({ appId, ...SECRETS, mode: 'security', callbackUrl })
  return api.app.simulator.account(appId)
}

describe('an operator who registers an account', () => {
  it('gets it back with defaults and without secrets', async () => {
    const { status, body } = await register(accountBody('wxnew00000000001'))
    expect(status).toBe(201)
    expect(body).toMatchObject({
      appId: 'wxnew00000000001',
      name: 'wxnew00000000001',
      kind: 'owned',
      mode: 'security',
      rules: 'wechat-2023',
      onUnknown: 'retry',
      timezone: 'Asia/Shanghai',
      state: 'active',
      stateReason: null,
    })
    expect(new Date(body.stateSince).toISOString()).toBe(body.stateSince)
    expect((await api.get('/api/accounts/wxnew00000000001')).body).toEqual(body)
    expect(await api.app.services.accounts.find('wxnew00000000001')).toMatchObject(SECRETS)
  })

  it('may set every field', async () => {
    const all = {
      name: '全部',
      mode: 'compatible',
      rules: 'classic-48h',
      onUnknown: 'assume-sent',
      timezone: 'Asia/Tokyo',
    }
    const settings = { apiBase: 'http://127.0.0.1:9', humanAgents: true, variables: { city: '上海' } }
    const limits = { cap: { messages: 2, per: '24h' }, quietHours: { from: '22:00', to: '08:00' } }
    const { status, body } = await register(
      accountBody('wxnew00000000002', { ...all, ...settings, ...limits }),
    )
    expect(status).toBe(201)
    expect(body).toMatchObject({ appId: 'wxnew00000000002', ...all, ...limits })
    expect(await api.app.services.accounts.find('wxnew00000000002')).toMatchObject(settings)
  })

  it('may forward its events to a public URL, and sees no secret of that URL', async () => {
    const appId = 'wxforwards000001'
    const to = { url: 'https://old.example/wechat', token: 'old-token', useReply: true }
    const { body } = await register(accountBody(appId, { forward: to }))
    expect(body).toMatchObject({ forward: { url: to.url, mode: 'plain', useReply: true } })
    expect(JSON.stringify(body)).not.toContain('old-token')
    expect(await api.app.services.accounts.find(appId)).toMatchObject({ forward: to })
    for (const forward of [
      { ...to, url: 'http://10.0.0.1/' },
      { ...to, mode: 'security' },
      { url: to.url },
    ]) {
      const { status } = await api.call('PATCH', `/api/accounts/${appId}`, { json: { forward } })
      expect(status).toBe(422)
    }
    const { body: without } = await api.call('PATCH', `/api/accounts/${appId}`, { json: { forward: null } })
    expect(without).toMatchObject({ forward: null })
  })

  it('loses its cap and quiet hours by null, and keeps them otherwise', async () => {
    const appId = 'wxlimits00000001'
    const limits = { cap: { messages: 3, per: '7d' }, quietHours: { from: '22:00', to: '08:00' } }
    await register(accountBody(appId, limits))
    const patch = async (json: object) => (await api.call('PATCH', `/api/accounts/${appId}`, { json })).body
    expect(await patch({ name: '改名' })).toMatchObject(limits)
    expect(await patch({ cap: null })).toMatchObject({ ...limits, cap: null })
    expect(await patch({ quietHours: null })).toMatchObject({ cap: null, quietHours: null })
  })

  it('gets 409 for a known appId, and the first account is unchanged', async () => {
    await register(accountBody('wxnew00000000003', { name: '第一个' }))
    const second = await register(
      accountBody('wxnew00000000003', { name: '第二个', appSecret: OTHER_SECRET }),
    )
    expect(second.status).toBe(409)
    expect(await api.app.services.accounts.find('wxnew00000000003')).toMatchObject({
      name: '第一个',
      ...SECRETS,
    })
  })

  it.each(['security', 'compatible'])('is refused mode %s without encodingAesKey', async (mode) => {
    const { encodingAesKey: _, ...keyless } = accountBody('wxnokey000000001', { mode })
    const { status, body } = await api.call<ErrorBody>('POST', '/api/accounts', { json: keyless })
    expect(status).toBe(422)
    expect(body.error.issues).toMatchObject([{ path: 'encodingAesKey' }])
    expect((await api.get('/api/accounts/wxnokey000000001')).status).toBe(404)
  })

  it('needs no encodingAesKey in plain mode', async () => {
    const { encodingAesKey: _, ...keyless } = accountBody('wxplain000000001', { mode: 'plain' })
    expect(await register(keyless)).toMatchObject({ status: 201, body: { mode: 'plain' } })
  })

  it.each([
    ['an unknown field', { apSecret: 'typo' }, 'apSecret'],
    ['a mode that does not exist', { mode: 'secure' }, 'mode'],
    ['a rules profile that does not exist', { rules: 'wechat-2024' }, 'rules'],
    ['an onUnknown that does not exist', { onUnknown: 'give-up' }, 'onUnknown'],
    ['a time zone that does not exist', { timezone: 'Asia/Atlantis' }, 'timezone'],
    ['a cap of no messages', { cap: { messages: 0, per: '24h' } }, 'cap.messages'],
    ['a cap without a unit', { cap: { messages: 2, per: '24' } }, 'cap.per'],
    ['a cap in a longer period', { cap: { messages: 2, per: '31d' } }, 'cap.per'],
    ['quiet hours at no time', { quietHours: { from: '22:00', to: '24:00' } }, 'quietHours.to'],
    ['quiet hours that never end', { quietHours: { from: '22:00', to: '22:00' } }, 'quietHours.to'],
    ['an encodingAesKey of the wrong length', { encodingAesKey: 'short' }, 'encodingAesKey'],
    ['a variable called name', { variables: { name: 'x' } }, 'variables.name'],
    ['a variable with an invalid name', { variables: { 'a-b': 'x' } }, 'variables.a-b'],
    ['a variable that is too long', { variables: { city: 'x'.repeat(501) } }, 'variables.city'],
    [
      'fifty-one variables',
      { variables: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`v${i}`, ''])) },
      'variables',
    ],
    ['an apiBase that is not a URL', { apiBase: 'api.weixin.qq.com' }, 'apiBase'],
    ['no appSecret', { appSecret: undefined }, 'appSecret'],
    ['no token', { token: undefined }, 'token'],
    ['an invalid appId', { appId: 'wx/../1' }, 'appId'],
  ])('is refused %s, with its path', async (_, settings, path) => {
    const { status, body } = await api.call<ErrorBody>('POST', '/api/accounts', {
      json: accountBody('wxrefused0000001', settings),
    })
    expect(status).toBe(422)
    expect(body.error.issues?.map((i) => i.path)).toEqual([path])
    expect((await api.get('/api/accounts/wxrefused0000001')).status).toBe(404)
  })

  it('is refused malformed JSON, with the position of the error', async () => {
    const { status, body } = await api.call<ErrorBody>('POST', '/api/accounts', {
      raw: '{',
      type: 'application/json',
    })
    expect(status).toBe(422)
    expect(body.error.message).toBe(
      'The body is not valid JSON: it ends after character 1, before the value is complete.',
    )
  })

  it('may store a secret that WeChat would refuse, since WeChat is not asked', async () => {
    const wechat = knownAtWechat('wxuntried0000001')
    const account = accountBody('wxuntried0000001', { apiBase, appSecret: OTHER_SECRET })
    expect((await register(account)).status).toBe(201)
    expect((await register({ ...account, appId: 'wxuntried0000002' }, '?verify=false')).status).toBe(201)
    expect(wechat.tokenRequests).toEqual({ normal: 0, force: 0, plain: 0 })
  })
})

describe('an account that is verified with WeChat', () => {
  it('is refused with a wrong secret: 422 with the errcode, and nothing is stored', async () => {
    knownAtWechat('wxverify00000001')
    const wrong = accountBody('wxverify00000001', { apiBase, appSecret: OTHER_SECRET })
    const { status, body, text } = await api.call<ErrorBody>('POST', '/api/accounts?verify=true', {
      json: wrong,
    })
    expect(status).toBe(422)
    expect(body.error.message).toContain('40125')
    expect(body.error.issues).toMatchObject([{ path: 'appSecret' }])
    expect(body.error.issues?.[0]?.message).toMatch(/^WeChat refuses the secret: 40125 [^.]+\. \S.*\.$/)
    expect(text).not.toContain(OTHER_SECRET)
    expect((await api.get('/api/accounts/wxverify00000001')).status).toBe(404)
    expect(await api.app.services.accounts.find('wxverify00000001')).toBeNull()
  })

  it('is registered with the right secret', async () => {
    const wechat = knownAtWechat('wxverify00000002')
    const { status } = await register(accountBody('wxverify00000002', { apiBase }), '?verify=true')
    expect(status).toBe(201)
    expect(wechat.tokenRequests.normal).toBe(1)
  })

  it('is refused when WeChat does not let it send at all (48001)', async () => {
    knownAtWechat('wxverify00000003').setTrust({ certified: false })
    const answer = await register(accountBody('wxverify00000003', { apiBase }), '?verify=true')
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('48001')
  })

  it('keeps its old secret when WeChat refuses the new one', async () => {
    knownAtWechat('wxverify00000004')
    await register(accountBody('wxverify00000004', { apiBase }))
    const change = (appSecret: string) =>
      api.call<ErrorBody>('PATCH', '/api/accounts/wxverify00000004?verify=true', {
        json: { appSecret, name: '新名字' },
      })
    const refused = await change(OTHER_SECRET)
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('40125')
    const stored = { ...SECRETS, name: 'wxverify00000004' }
    expect(await api.app.services.accounts.find('wxverify00000004')).toMatchObject(stored)
    expect(await change(SECRETS.appSecret)).toMatchObject({ status: 200, body: { name: '新名字' } })
  })
})

describe('the list of accounts', () => {
  it('is read page by page, with each account once', async () => {
    const ids = ['wxlist0000000001', 'wxlist0000000002', 'wxlist0000000003']
    for (const appId of ids) await register(accountBody(appId))
    const fullList = await api.get<Page<AccountBody>>('/api/accounts?limit=200')
    expect(fullList.body.next).toBeNull()
    const walked: string[] = []
    let query = '?limit=2'
    for (;;) {
      const { status, body } = await api.get<Page<AccountBody>>(`/api/accounts${query}`)
      expect(status).toBe(200)
      expect(body.items.length).toBeLessThanOrEqual(2)
      walked.push(...body.items.map((a) => a.appId))
      if (body.next === null) break
      query = `?limit=2&cursor=${encodeURIComponent(body.next)}`
    }
    expect(walked).toEqual(fullList.body.items.map((a) => a.appId))
    expect(new Set(walked).size).toBe(walked.length)
    expect(walked).toEqual(expect.arrayContaining([APP, ...ids]))
  })

  it.each(['limit=0', 'limit=-1', 'limit=201', 'limit=many'])('refuses %s', async (query) => {
    expect((await api.get(`/api/accounts?${query}`)).status).toBe(422)
  })
})

describe('a change of an account', () => {
  it('changes the given fields and no others', async () => {
    await register(accountBody('wxpatch000000001', { name: '旧', rules: 'classic-48h' }))
    const { status, body } = await api.call('PATCH', '/api/accounts/wxpatch000000001', {
      json: { name: '新', appSecret: 'test-app-secret-next' },
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ name: '新', rules: 'classic-48h', mode: 'security', state: 'active' })
    expect(await api.app.services.accounts.find('wxpatch000000001')).toMatchObject({
      ...SECRETS,
      appSecret: 'test-app-secret-next',
    })
  })

  it('keeps texts for the given days, and no number that makes no sense', async () => {
    await register(accountBody('wxkeeptexts00001', { keepTexts: 30 }))
    const patch = (keepTexts: unknown) =>
      api.call('PATCH', '/api/accounts/wxkeeptexts00001', { json: { keepTexts } })
    const stored = async () => (await api.get('/api/accounts/wxkeeptexts00001')).body
    expect(await stored()).toMatchObject({ keepTexts: 30 })
    for (const keepTexts of [0, 366, 1.5, '7', true]) {
      const { status, body } = await patch(keepTexts)
      expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining('keepTexts')])
    }
    expect((await patch(null)).body).toMatchObject({ keepTexts: null })
    expect(await stored()).toMatchObject({ keepTexts: null })
  })

  it('unblocks the account with a new AppSecret only where the old one had blocked it', async () => {
    const setState = (reason: string) => api.app.services.accounts.setState(APP, 'blocked', reason)
    const patch = (json: object) => api.call<AccountBody>('PATCH', `/api/accounts/${APP}`, { json })
    await setState('40125 invalid appsecret')
    expect((await patch({ name: 'still blocked' })).body).toMatchObject({ state: 'blocked' })
    expect((await patch({ appSecret: SECRETS.appSecret })).body).toMatchObject({
      state: 'active',
      stateReason: null,
    })
    await setState('48001 api unauthorized')
    expect((await patch({ appSecret: SECRETS.appSecret })).body).toMatchObject({ state: 'blocked' })
    expect((await patch({ state: 'active' })).body).toMatchObject({ state: 'active' })
  })

  it('replaces all variables, or none', async () => {
    const path = '/api/accounts/wxpatch000000004'
    const first = await register(accountBody('wxpatch000000004', { variables: { city: '上海', tel: '1' } }))
    expect(first.body).toMatchObject({ variables: { city: '上海', tel: '1' } })
    await api.call('PATCH', path, { json: { name: '新' } })
    expect((await api.get(path)).body).toMatchObject({ variables: { city: '上海', tel: '1' } })
    const changed = await api.call('PATCH', path, { json: { variables: { city: '北京' } } })
    expect(changed.body).toMatchObject({ variables: { city: '北京' } })
    await api.call('DELETE', path)
  })

  it('cannot set a mode whose key is missing', async () => {
    const { encodingAesKey: _, ...keyless } = accountBody('wxpatch000000002', { mode: 'plain' })
    await register(keyless)
    const change = (json: object) => api.call('PATCH', '/api/accounts/wxpatch000000002', { json })
    expect((await change({ mode: 'security' })).status).toBe(422)
    expect((await api.get('/api/accounts/wxpatch000000002')).body).toMatchObject({ mode: 'plain' })
    const both = { mode: 'security', encodingAesKey: SECRETS.encodingAesKey }
    expect(await change(both)).toMatchObject({ status: 200, body: { mode: 'security' } })
    expect((await change({ encodingAesKey: null })).status).toBe(422)
  })

  it('is refused with an unknown field or the appId, and changes nothing', async () => {
    await register(accountBody('wxpatch000000003', { name: '旧' }))
    for (const json of [
      { name: '新', colour: 'red' },
      { name: '新', appId: 'wxpatch000000009' },
    ]) {
      expect((await api.call('PATCH', '/api/accounts/wxpatch000000003', { json })).status).toBe(422)
    }
    expect((await api.get('/api/accounts/wxpatch000000003')).body).toMatchObject({ name: '旧' })
  })

  it('gets 404 for an unregistered account', async () => {
    const path = '/api/accounts/wxnobody00000001'
    expect((await api.get(path)).status).toBe(404)
    expect((await api.call('PATCH', path, { json: { name: 'x' } })).status).toBe(404)
    expect((await api.call('DELETE', path)).status).toBe(404)
  })
})

describe('an account that is paused', () => {
  it('lets its due steps wait, and sends them when it is active again', async () => {
    const pause = await api.call<AccountBody>('PATCH', `/api/accounts/${APP}`, { json: { state: 'paused' } })
    expect(pause).toMatchObject({ status: 200, body: { state: 'paused' } })
    expect(pause.body.stateReason).toEqual(expect.any(String))

    const wechat = api.app.simulator.account(APP)
    await wechat.follow('oWaits')
    const path = `/api/followers/${APP}/oWaits`
    const held = await api.waitForBody<FollowerBody>(path, (f) => f.steps[0]?.state === 'held')
    expect(held).toMatchObject({ status: 'active', steps: [{ reason: 'account-stopped', sentAt: null }] })
    expect(wechat.sends).toEqual([])

    const active = await api.call('PATCH', `/api/accounts/${APP}`, { json: { state: 'active' } })
    expect(active).toMatchObject({ status: 200, body: { state: 'active', stateReason: null } })
    const sent = await api.waitForBody<FollowerBody>(path, (f) => f.steps[0]?.state === 'sent')
    expect(sent.steps[0]).toMatchObject({ reason: null })
    expect(wechat.sends.map((s) => [s.openId, s.errcode])).toEqual([['oWaits', 0]])
  })

  it('can be set only to paused or active; the other states come from WeChat', async () => {
    const blocked = await api.call('PATCH', `/api/accounts/${APP}`, { json: { state: 'blocked' } })
    expect(blocked.status).toBe(422)
    expect((await api.get(`/api/accounts/${APP}`)).body).toMatchObject({ state: 'active' })
  })
})

describe('an account that is removed', () => {
  it('is gone, and its callbacks get 404 at once', async () => {
    await register(accountBody('wxgone0000000001'))
    expect(await api.call('DELETE', '/api/accounts/wxgone0000000001')).toMatchObject({
      status: 204,
      text: '',
    })
    expect((await api.get('/api/accounts/wxgone0000000001')).status).toBe(404)
    expect((await api.call('POST', '/wechat/wxgone0000000001', { raw: '<xml/>' })).status).toBe(404)
  })

  it('is kept while runs are active; with ?cancel=true their runs end as account-stopped', async () => {
    const app = 'wxgone0000000002'
    await api.addAccount({ appId: app })
    await api.put(
      campaignYaml('late', ['{ id: later, after: 40s, send: { text: 晚点 } }'], [`accounts: [${app}]`]),
    )
    await api.app.simulator.account(app).follow('oStays')
    await api.app.waitForRun(app, 'oStays', (r) => r.runId !== null)

    const refused = await api.call<ErrorBody>('DELETE', `/api/accounts/${app}`)
    expect(refused.status).toBe(409)
    expect((await api.call('DELETE', `/api/accounts/${app}?cancel=false`)).status).toBe(409)
    expect((await api.get(`/api/accounts/${app}`)).status).toBe(200)
    expect((await api.get(`/api/followers/${app}/oStays`)).body).toMatchObject({ status: 'active' })

    expect((await api.call('DELETE', `/api/accounts/${app}?cancel=true`)).status).toBe(204)
    await api.app.waitForRun(app, 'oStays', (r) => r.status === 'ended')
    const { body } = await api.get<FollowerBody>(`/api/followers/${app}/oStays`)
    expect(body).toMatchObject({ outcome: 'account-stopped', steps: [{ state: 'skipped' }] })
    expect((await api.get(`/api/accounts/${app}`)).status).toBe(404)
    expect(api.app.simulator.account(app).sends).toEqual([])
  })
})
