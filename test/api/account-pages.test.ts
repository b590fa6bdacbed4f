import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiHarness, SECRETS, startApiHarness } from '../harness/api-harness.ts'
import { signInAs } from '../harness/console-session.ts'

const APP = 'wxacctpages000001'
let api: ApiHarness
let cookies: Record<string, string> = {}
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP, name: '小鹿读书' })
  cookies = await signInAs(api, ['viewer', 'operator', 'admin'])
})
afterAll(() => api?.close())

async function get(path: string, role = 'admin') {
  const headers = { cookie: cookies[role] ?? '', 'accept-language': 'zh-CN' }
  const response = await api.web.request(path, { headers })
  return { status: response.status, html: await response.text() }
}

async function send(path: string, fields: Record<string, string> = {}, role = 'admin') {
  const headers = { cookie: cookies[role] ?? '', 'accept-language': 'zh-CN' }
  const response = await api.web.request(path, { method: 'POST', headers, body: new URLSearchParams(fields) })
  return { status: response.status, to: response.headers.get('location'), html: await response.text() }
}

const account = async () => (await api.get<Record<string, unknown>>(`/api/accounts/${APP}`)).body

describe('the settings of an account', () => {
  const settings = `/accounts/${APP}/settings`

  it('are changed form by form', async () => {
    const limits = {
      quietFrom: '22:00',
      quietTo: '08:00',
      capCount: '2',
      capNumber: '24',
      capUnit: 'h',
    }
    expect(await send(`${settings}/limits`, limits, 'operator')).toMatchObject({ status: 303, to: settings })
    const optOut = { keywords: '退订\r\nTD\r\n', optOutReply: '已退订', resumeWords: '恢复', resumeReply: '' }
    expect(await send(`${settings}/optOut`, optOut, 'operator')).toMatchObject({ status: 303 })
    expect(await send(`${settings}/variables`, { variables: 'shop=小鹿\nnote=a=b' })).toMatchObject({
      status: 303,
    })
    expect(await send(`${settings}/texts`, { keepDays: '30' })).toMatchObject({ status: 303 })
    expect(await account()).toMatchObject({
      quietHours: { from: '22:00', to: '08:00' },
      cap: { messages: 2, per: '24h' },
      optOut: { keywords: ['退订', 'TD'], reply: { text: '已退订' }, resume: ['恢复'] },
      variables: { shop: '小鹿', note: 'a=b' },
      keepTexts: 30,
      name: '小鹿读书',
    })
    const { html } = await get(settings)
    for (const shown of ['value="22:00"', '退订\nTD', 'shop=小鹿', 'value="30"'])
      expect(html).toContain(shown)
  })

  it('can be emptied again', async () => {
    for (const form of ['limits', 'optOut', 'variables', 'texts']) {
      expect(await send(`${settings}/${form}`)).toMatchObject({ status: 303 })
    }
    expect(await account()).toMatchObject({
      quietHours: null,
      cap: null,
      optOut: null,
      variables: {},
      keepTexts: null,
    })
  })

  it.each([
    ['general', { name: '', timezone: 'Asia/Shanghai' }, 'name'],
    ['general', { name: '名字', timezone: 'Mars/Base' }, 'timezone'],
    ['limits', { quietFrom: '22:00', quietTo: '22:00' }, 'quietTo'],
    ['limits', { quietFrom: '22:00', quietTo: '' }, 'quietTo'],
    ['limits', { capCount: '0', capNumber: '1', capUnit: 'h' }, 'capCount'],
    ['limits', { capCount: '2', capNumber: '99', capUnit: 'd' }, 'capNumber'],
    ['limits', { capCount: 'viele', capNumber: '9', capUnit: 'd' }, 'capCount'],
    ['optOut', { keywords: '', optOutReply: '再见' }, 'keywords'],
    ['optOut', { keywords: '退订', resumeWords: '退订' }, 'resumeWords'],
    ['variables', { variables: 'shop=a\nnichts' }, 'variables'],
    ['variables', { variables: '1=a' }, 'variables'],
    ['texts', { keepDays: '400' }, 'keepDays'],
    ['forward', { forwardUrl: 'ftp://x.example', forwardToken: 'test', forwardMode: 'plain' }, 'forwardUrl'],
    ['forward', { forwardUrl: 'https://x.example', forwardToken: '', forwardMode: 'plain' }, 'forwardToken'],
    ['forward', { forwardUrl: '', forwardToken: 'test', forwardMode: 'plain' }, 'forwardUrl'],
    ['secrets', { encodingAesKey: 'short', mode: 'security' }, 'encodingAesKey'],
    ['sending', { rules: 'wechat-2023', onUnknown: 'retry', apiBase: 'nowhere' }, 'apiBase'],
  ] as [string, Record<string, string>, string][])(
    'keep what was typed and say beside the field what is wrong: %s %j',
    async (form, fields, wrong) => {
      const before = await account()
      const { status, html } = await send(`${settings}/${form}`, fields)
      expect(status).toBe(422)
      expect(html).toContain(`id="p-${wrong}"`)
      for (const value of Object.values(fields).filter((v) => v.length > 2))
        expect(html).toContain(value.replaceAll('"', '&quot;'))
      expect(await account()).toEqual(before)
    },
  )

  it('may be as long as the API takes', async () => {
    const long = '值'.repeat(500)
    const variables = Array.from({ length: 50 }, (_, i) => `v${i}=${long}`).join('\n')
    expect(await send(`${settings}/variables`, { variables })).toMatchObject({ status: 303 })
    expect(await account()).toMatchObject({ variables: { v49: long } })
    const wrong = await send(`${settings}/variables`, { variables: `${variables}\nv50=x` })
    expect([wrong.status, wrong.html.includes(`v49=${long}`)]).toEqual([422, true])
    await send(`${settings}/variables`)
  })

  it('show both versions when somebody else has saved meanwhile, and replace them only then', async () => {
    const { html } = await get(settings)
    const seen = /id="optOut"[\s\S]*?name="seen" value="([^"]+)"/.exec(html)?.[1] ?? ''
    const typed = { keywords: '退订\r\nTD', optOutReply: '再见', resumeWords: '', resumeReply: '' }
    await send(`${settings}/optOut`, { ...typed, keywords: '不要了', seen })
    const refused = await send(`${settings}/optOut`, { ...typed, seen })
    expect(refused.status).toBe(409)
    expect(refused.html).toContain('退订\r\nTD')
    expect(refused.html).toMatch(/id="p-keywords"[\s\S]*?现在的内容是：不要了/)
    expect(refused.html).not.toContain('id="p-optOutReply"')
    expect(await account()).toMatchObject({ optOut: { keywords: ['不要了'] } })
    const newer = /id="optOut"[\s\S]*?name="seen" value="([^"]+)"/.exec(refused.html)?.[1] ?? ''
    expect(await send(`${settings}/optOut`, { ...typed, seen: newer })).toMatchObject({ status: 303 })
    await send(`${settings}/optOut`)
  })

  it('never show a stored secret', async () => {
    const { html } = await get(settings)
    for (const secret of Object.values(SECRETS)) expect(html).not.toContain(secret)
  })

  it('are not cut by the browser when a secret is too long: the form says so', async () => {
    for (const path of [settings, '/accounts/new'])
      expect((await get(path)).html).not.toMatch(/name="(?:appSecret|\w*[tT]oken|\w*AesKey)"[^>]*maxlength/i)
    const refused = await send(`${settings}/secrets`, { token: 't'.repeat(33), mode: 'plain' })
    expect([refused.status, refused.html.includes('id="p-token"')]).toEqual([422, true])
  })

  it('need an admin where the API does', async () => {
    expect((await send(`${settings}/secrets`, { mode: 'plain' }, 'operator')).status).toBe(403)
    expect((await send(`${settings}/texts`, { keepDays: '3' }, 'operator')).status).toBe(403)
    expect((await send(`${settings}/general`, { name: 'x' }, 'viewer')).status).toBe(403)
    const operator = (await get(settings, 'operator')).html
    expect(operator.match(/<button type="submit" class="main"/g)).toHaveLength(4)
    const viewer = (await get(settings, 'viewer')).html
    expect(viewer).not.toContain('<button type="submit" class="main"')
  })

  it('of no account, and no such form, are not there', async () => {
    expect((await get('/accounts/wxnobody/settings')).status).toBe(404)
    expect((await send('/accounts/wxnobody/settings/general', { name: 'x' })).status).toBe(404)
    expect((await send(`${settings}/toString`, { name: 'x' })).status).toBe(404)
  })
})

describe('the menu of an account', () => {
  it('is shown in both versions when somebody else has published meanwhile, and replaced only then', async () => {
    const path = `/accounts/${APP}/menu`
    const menu = async () => (await api.get<{ button: unknown }>(`/api${path}`)).body.button
    const seenIn = (html: string) => /name="seen" value="([^"]+)"/.exec(html)?.[1] ?? ''
    const ownMenu = {
      'name-0': '礼物',
      'kind-0': 'click',
      'value-0': 'gift',
      seen: seenIn((await get(path)).html),
    }
    const theirs = {
      ...ownMenu,
      'kind-0': 'view',
      'value-0': 'https://example.com/a',
      'name-1': '客服',
      'value-1': 'help',
    }
    expect(await send(path, theirs, 'operator')).toMatchObject({ status: 303 })
    const before = await menu()
    const refused = await send(path, ownMenu, 'operator')
    expect(refused.status).toBe(409)
    expect(refused.html).toContain('value="gift"')
    expect(refused.html).toMatch(/id="p-kind-0"[\s\S]*?现在的内容是：打开网页/)
    expect(refused.html).toMatch(/id="p-value-0"[\s\S]*?现在的内容是：https:\/\/example.com\/a/)
    expect(refused.html).toMatch(/id="p-name-1"[\s\S]*?现在的内容是：客服/)
    expect(refused.html).not.toContain('id="p-name-0"')
    expect(await menu()).toEqual(before)
    const again = { ...ownMenu, seen: seenIn(refused.html) }
    expect(await send(path, again, 'operator')).toMatchObject({ status: 303 })
    expect(await menu()).toEqual([{ type: 'click', name: '礼物', key: 'gift' }])
  })
})

describe('the page of an account', () => {
  it('offers only what the reader may do', async () => {
    const offered = async (role: string) => {
      const { html } = await get(`/accounts/${APP}`, role)
      return ['pause', 'checks', 'remove'].filter((verb) =>
        html.includes(`action="/accounts/${APP}/${verb}"`),
      )
    }
    expect(await offered('viewer')).toEqual([])
    expect(await offered('operator')).toEqual(['pause', 'checks'])
    expect(await offered('admin')).toEqual(['pause', 'checks', 'remove'])
  })

  it('pauses and resumes it', async () => {
    expect(await send(`/accounts/${APP}/pause`, {}, 'operator')).toMatchObject({ status: 303 })
    expect(await account()).toMatchObject({ state: 'paused' })
    expect((await get('/accounts')).html).toContain(`action="/accounts/${APP}/resume"`)
    expect(await send(`/accounts/${APP}/resume`, {}, 'operator')).toMatchObject({ status: 303 })
    expect(await account()).toMatchObject({ state: 'active' })
  })

  it('shows each check with its remedy', async () => {
    const { status, html } = await send(`/accounts/${APP}/checks`)
    expect(status).toBe(200)
    for (const text of ['微信接受这个密钥', '可以发客服消息', '消息回调']) expect(html).toContain(text)
    const faults = [
      { errcode: 40164, says: ['40164', 'IP 白名单'] },
      { errcode: 40125, says: ['40125', 'AppSecret'] },
    ]
    for (const { errcode, says } of faults) {
      api.app.simulator.fault({ api: 'stable_token', errcode })
      const refused = (await send(`/accounts/${APP}/checks`)).html
      for (const text of says) expect(refused).toContain(text)
    }
  })

  it('is removed only with its AppID typed', async () => {
    const other = 'wxacctpages000002'
    await api.addAccount({ appId: other, name: '要移除的' })
    expect(await send(`/accounts/${other}/remove`, { confirm: 'wx' })).toMatchObject({ status: 422 })
    expect((await get(`/accounts/${other}`)).status).toBe(200)
    expect(await send(`/accounts/${other}/remove`, { confirm: other }, 'operator')).toMatchObject({
      status: 403,
    })
    expect(await send(`/accounts/${other}/remove`, { confirm: other })).toMatchObject({ to: '/accounts' })
    expect((await get(`/accounts/${other}`)).status).toBe(404)
  })
})
