import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'

const APP = 'wxtest0000000001'
const USER_INFO = '/cgi-bin/user/info'

let app: AppHarness
let rank = 0
beforeAll(async () => {
  app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
  await app.addAccount({ appId: APP })
})
afterAll(() => app?.close())

/** Publishes a campaign for this test's followers, with a higher priority than all campaigns before. */
async function publish(steps: string): Promise<void> {
  rank += 1
  await app.publish(
    `{ id: tags-${rank}, name: 标签, priority: ${rank}, entry: { event: subscribe }, steps: [${steps}] }`,
  )
}

const wechat = () => app.simulator.account(APP)
const texts = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId && s.delivered)
    .map((s) => (s.body.text as { content: string }).content)
const requestCount = (path: string) => app.simulator.wechat.account(APP).calls.get(path) ?? 0
const ended = async (openId: string) => {
  const run = await app.waitForRun(APP, openId, (r) => r.status === 'ended')
  return run.state.steps.map((s) => [s.id, s.state, s.reason ?? '', s.errcode ?? ''].join(' ').trim())
}

describe('tags', () => {
  it('are applied after the message, and by a step without a message; the next step sees them', async () => {
    await publish(`
      { id: hello, after: 0s, send: { text: 您好 }, tag: [新粉] },
      { id: mark, after: 1s, tag: [看过], untag: [潜在] },
      { id: seen, after: 1s, when: { tag: 看过 }, send: { text: "{{ follower.tags }}" } },
      { id: other, after: 1s, when: { tag: 老客户 }, send: { text: 老客户 } }`)
    app.simulator.wechat.follower({ appId: APP, openId: 'oTagged' }).following = true
    wechat().setTags('oTagged', ['潜在'])
    await wechat().follow('oTagged')
    expect(await ended('oTagged')).toEqual([
      'hello sent',
      'mark sent',
      'seen sent',
      'other skipped condition',
    ])
    expect(wechat().tags('oTagged').sort()).toEqual(['新粉', '看过'].sort())
    expect(texts('oTagged')).toEqual(['您好', '新粉、看过'])
    expect(wechat().grants('oTagged')).toMatchObject([{ used: 2 }])
    expect(requestCount('/cgi-bin/tags/create')).toBe(2)
  })

  it('that WeChat refuses cause a step without a message to be skipped; a sent message stays sent', async () => {
    await publish(`
      { id: hello, after: 0s, send: { text: 您好 }, tag: [第廿一] },
      { id: mark, after: 1s, since: entry, tag: [第廿一] },
      { id: last, after: 2s, since: entry, send: { text: 再见 } }`)
    const twenty = Array.from({ length: 20 }, (_, i) => `满${i}`)
    app.simulator.wechat.follower({ appId: APP, openId: 'oFull' }).following = true
    wechat().setTags('oFull', twenty)
    await wechat().follow('oFull')
    expect(await ended('oFull')).toEqual(['hello sent', 'mark skipped tag-refused 45059', 'last sent'])
    expect(wechat().tags('oFull')).toEqual(twenty)
  })

  it('are created again when WeChat no longer has the known tag id', async () => {
    const account = app.simulator.wechat.account(APP)
    account.tags = account.tags.filter((t) => t.name !== '新粉')
    await publish('{ id: mark, after: 0s, tag: [新粉] }')
    await wechat().follow('oAgain')
    expect(await ended('oAgain')).toEqual(['mark sent'])
    expect(wechat().tags('oAgain')).toEqual(['新粉'])
  })
})

describe('conditions on the follower', () => {
  it('cost one request to WeChat for two conditions', async () => {
    await publish(`
      { id: gold, after: 0s, when: { tag: 金卡 }, send: { text: 金卡 } },
      { id: silver, after: 1s, when: { tag: 银卡 }, send: { text: 银卡 } },
      { id: found, after: 1s, when: { subscribeScene: ADD_SCENE_SEARCH }, send: { text: 搜索 } },
      { id: coded, after: 0s, when: { subscribeScene: ADD_SCENE_QR_CODE }, send: { text: 扫码 } }`)
    wechat().setTags('oSilver', ['银卡'])
    const before = requestCount(USER_INFO)
    await wechat().follow('oSilver')
    expect(await ended('oSilver')).toEqual([
      'gold skipped condition',
      'silver sent',
      'found sent',
      'coded skipped condition',
    ])
    expect(requestCount(USER_INFO) - before).toBe(1)
  })

  it('use the code of the entry without a request', async () => {
    await publish(`
      { id: expo, after: 0s, when: { qrScene: expo-* }, send: { text: 展会 } },
      { id: shop, after: 0s, when: { qrScene: shop-entrance }, send: { text: 门店 } }`)
    const before = requestCount(USER_INFO)
    await wechat().follow('oExpo', { qrScene: 'expo-2026' })
    expect(await ended('oExpo')).toEqual(['expo sent', 'shop skipped condition'])
    expect(requestCount(USER_INFO)).toBe(before)
  })

  it('request the code where the entry has none', async () => {
    rank += 1
    await app.publish(
      `{ id: tags-${rank}, name: 标签, priority: ${rank}, entry: { event: message }, steps: [
        { id: shop, after: 0s, when: { qrScene: shop-* }, send: { text: 门店 } }] }`,
    )
    const follower = app.simulator.wechat.follower({ appId: APP, openId: 'oShop' })
    Object.assign(follower, { following: true, qrScene: 'shop-entrance' })
    await wechat().type('oShop', '你好')
    expect(await ended('oShop')).toEqual(['shop sent'])
  })

  it('cause the step to be skipped when WeChat refuses the request', async () => {
    await publish('{ id: gold, after: 0s, when: { tag: 金卡 }, send: { text: 金卡 } }')
    app.simulator.fault({ api: 'user/info', errcode: 48001 })
    await wechat().follow('oHidden')
    expect(await ended('oHidden')).toEqual(['gold skipped attributes-unknown 48001'])
  })

  it('are requested again when WeChat is busy, or refuses the token', async () => {
    await publish('{ id: gold, after: 0s, when: { tag: 金卡 }, send: { text: 金卡 } }')
    wechat().setTags('oBusy', ['金卡'])
    app.simulator.fault({ api: 'user/info', errcode: -1 })
    app.simulator.fault({ api: 'user/info', errcode: 40001 })
    await wechat().follow('oBusy')
    expect(await ended('oBusy')).toEqual(['gold sent'])
  })
})
