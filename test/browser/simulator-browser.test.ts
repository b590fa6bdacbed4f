import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSimulator, type Simulator } from '../../src/simulator/index.ts'
import type { FollowerView } from '../../src/simulator/phone/view-types.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'
import { expectAccessible } from '../harness/expect-accessible.ts'

const APP = 'wxtest0000000001'
const TOKEN = 'testtoken'

const CJK = /[\u4e00-\u9fff]/
/** What people and systems have written, which no page translates. */
const OWN_TEXT = '[translate=no], [lang], option, .chat, .phone-bar, .menu-bar, #scenes'

describe.skipIf(!chromiumPath())('the pages of the simulator', () => {
  let browser: Browser
  let simulator: Simulator
  let url: string
  let own: string
  const bodies: string[] = []
  /** How far the simulator's clock is ahead. */
  let aheadMs = 0
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://here').searchParams
    const parts = [TOKEN, query.get('timestamp') ?? '', query.get('nonce') ?? ''].sort().join('')
    const isGood = createHash('sha1').update(parts).digest('hex') === query.get('signature')
    request.on('data', (part) => bodies.push(String(part)))
    request.on('end', () => response.end(isGood ? (query.get('echostr') ?? 'success') : 'no'))
  })

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    own = `http://127.0.0.1:${(server.address() as AddressInfo).port}/wx`
    simulator = createSimulator({ now: () => Date.now() + aheadMs })
    simulator.addAccount({
      appId: APP,
      appSecret: 'test-secret',
      token: 'oldtoken',
      mode: 'plain',
      name: '测试号',
      callbackUrl: null,
    })
    url = (await simulator.listen(0)).url
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await simulator?.close()
    server.closeAllConnections()
    server.close()
  })

  it.each([
    ['a desktop', 1240],
    ['a phone of 375 px', 375],
  ] as const)('shows errors, then accepts the server, which receives an action, on %s', async (_, width) => {
    await simulator.account(APP).setServer({ callbackUrl: null, token: 'oldtoken' })
    const { page, errors: complaints } = await openPage(browser)
    await page.setViewportSize({ width, height: 860 })
    await page.goto(`${url}/accounts`)
    const appId = await page.locator('code', { hasText: APP }).evaluate((e) => e.getClientRects().length)
    expect(appId, 'the AppID is on one line').toBe(1)
    await page.locator(`a[href="/accounts/${APP}/server"]`).click()
    await page.fill('[name=callbackUrl]', own)
    await page.click('button.main')
    await page.locator('[role=alert]', { hasText: 'Token 验证失败' }).waitFor()
    expect(await page.inputValue('[name=callbackUrl]')).toBe(own)
    expect(simulator.wechat.account(APP).callbackUrl).toBeNull()
    await page.fill('[name=token]', TOKEN)
    await page.check('[name=format][value=json]')
    await page.click('button.main')
    await page.locator('[role=status]', { hasText: '验证通过' }).waitFor()
    const overflow = () => page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
    expect(await overflow()).toBeLessThanOrEqual(0)
    bodies.length = 0
    await page.click('text=打开手机')
    await page.click('.more-actions summary')
    await page.selectOption('#action', 'location')
    await page.fill('[name=label]', '广州塔')
    await page.click('#actions button')
    await page.locator('#chat', { hasText: '广州塔' }).waitFor()
    expect(await overflow()).toBeLessThanOrEqual(0)
    await expect.poll(() => bodies.length).toBe(1)
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ MsgType: 'location', Label: '广州塔', Scale: 20 })
    // The browser logs the 400 of the rejected form.
    expect(complaints.filter((line) => !line.includes('400'))).toEqual([])
    await page.context().close()
  })

  const paths = () => [
    `/phone/${APP}/oOne?with=${APP}/oTwo`,
    `/crowd/${APP}`,
    '/accounts',
    '/accounts/new',
    `/accounts/${APP}/server`,
    '/platforms/new',
    '/phone/wxunknown/oOne',
  ]

  it.each([
    [1280, 'zh-CN', 'light'],
    [375, 'en-US', 'dark'],
  ] as const)(
    'are accessible, fit and speak one language at %s px in %s, %s',
    async (width, locale, colorScheme) => {
      await simulator.account(APP).follow('oOne')
      await simulator.account(APP).type('oOne', '1')
      const session = { viewport: { width, height: 800 }, locale, colorScheme }
      const { page, errors: complaints } = await openPage(browser, session)
      for (const path of paths()) {
        await page.goto(url + path)
        if (path.includes('with=')) await page.locator('#chat-2').waitFor()
        if (path.startsWith('/crowd')) await page.locator('#start-crowd').waitFor()
        await expectAccessible(page, path)
        if (locale !== 'en-US') continue
        const text = (await page.evaluate(`(() => {
        const copy = document.body.cloneNode(true)
        for (const element of copy.querySelectorAll('${OWN_TEXT}')) element.remove()
        return copy.textContent
      })()`)) as string
        expect([path, text.split('\n').filter((line) => CJK.test(line))]).toEqual([path, []])
      }
      // The browser logs the 404 of the unknown account.
      expect(complaints.filter((line) => !line.includes('404'))).toEqual([])
      await page.context().close()
    },
  )

  it('keep several phones in their address, each with its own clock and chat', async () => {
    const { page, errors } = await openPage(browser)
    await page.goto(`${url}/phone/${APP}/oFirst`)
    await page.click('#new-phone')
    await page.click('#follow-2')
    await page.locator('#chat-2', { hasText: '已关注公众号' }).waitFor()
    await page.locator('#phone-card-2 [data-forward="3600000"]').click()
    await expect.poll(() => page.locator('#offset-2').getAttribute('data-ahead-ms')).toBe('3600000')
    expect(await page.locator('#offset').getAttribute('data-ahead-ms')).toBe('0')
    expect(await page.locator('#chat').textContent()).not.toContain('已关注')
    // The page is at its end, and phone 1 has more beside it: the other phone's button must not move below the pointer.
    for (let i = 0; i < 8; i++) await simulator.account(APP).type('oFirst', String(i))
    const { happenings } = (await (await fetch(`${url}/_sim/${APP}/oFirst/state`)).json()) as FollowerView
    await page.locator('#phone-card-1 header b').click()
    expect(happenings.length).toBeGreaterThan(6)
    // What came later would move the page between the pointer's steps.
    await expect.poll(() => page.locator('#sends li').count()).toBe(happenings.length)
    await page.evaluate('window.scrollTo(0, document.body.scrollHeight)')
    const minute = page.locator('#phone-card-2 [data-forward="60000"]')
    const { x, y, width, height } = (await minute.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
    await page.mouse.move(x + width / 2, y + height / 2)
    await page.mouse.down()
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    await page.mouse.up()
    await expect.poll(() => page.locator('#offset-2').getAttribute('data-ahead-ms')).toBe('3660000')
    expect((await minute.boundingBox())?.y).toBeCloseTo(y, 0)
    await page.locator('.phone-card.picked#phone-card-2').waitFor()
    await page.reload()
    await page.locator('#chat-2', { hasText: '已关注公众号' }).waitFor()
    await page.getByRole('button', { name: '移除手机 1' }).click()
    await page.locator('#chat', { hasText: '已关注公众号' }).waitFor()
    await expect.poll(() => page.url()).not.toContain('oFirst')
    expect(errors).toEqual([])
    await page.context().close()
  })

  it('start one crowd at a double click, show it after a reload, and stop it', async () => {
    await simulator.account(APP).setServer({ callbackUrl: own, token: TOKEN, format: 'xml' })
    const { page, errors } = await openPage(browser)
    await page.goto(`${url}/crowd/${APP}`)
    await page.fill('#crowd-followers', '30000')
    await page.click('#start-crowd')
    await page.locator('.crowd-size .problem', { hasText: '人数须为 1 到 20,000 的整数' }).waitFor()
    // It arrives for so long that a slow machine can stop it.
    await page.fill('#crowd-followers', '1200')
    await page.fill('#crowd-seconds', '600')
    await page.dblclick('#start-crowd')
    await page.locator('#crowd-state[data-state=arriving]').waitFor()
    await expect
      .poll(() => page.locator('[data-figure=accepted] b').textContent().then(Number))
      .toBeGreaterThan(1)
    await page.reload()
    await page.locator('[data-figure=accepted]').waitFor()
    await expect.poll(() => page.inputValue('#crowd-followers')).toBe('1200')
    await page.click('#stop-crowd')
    await page.locator('#crowd-state[data-state=stopped]').waitFor()
    const crowds = new Set([...simulator.wechat.account(APP).followers.values()].map((f) => f.crowd))
    expect([...crowds].filter((id) => id !== null)).toHaveLength(1)
    await page.locator('.crowd-mix a').first().click()
    await page.locator('#chat', { hasText: '关注' }).waitFor()
    expect(errors.filter((line) => !line.includes('400'))).toEqual([])
    await page.context().close()
  })

  it.each([
    ['silent', '发现 1 个问题'],
    ['leaves-at-once', '没有问题'],
  ])('say in a line what came of a crowd: %s', async (behaviour, conclusion) => {
    await simulator.account(APP).setServer({ callbackUrl: own, token: TOKEN, format: 'xml' })
    const { page, errors } = await openPage(browser)
    await page.goto(`${url}/crowd/${APP}`)
    await page.locator('#start-crowd').waitFor()
    const settings = { followers: 3, seconds: 1, mix: { [behaviour]: 1 } }
    const started = await fetch(`${url}/_sim/crowds/${APP}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(settings),
    })
    expect(started.status).toBe(201)
    await page.locator('#crowd-state[data-state=settling]').waitFor()
    expect(await page.locator('#crowd-conclusion').count()).toBe(0)
    // Everybody's first minute is over.
    aheadMs += 61_000
    await page.locator('#crowd-conclusion', { hasText: conclusion }).waitFor()
    expect(errors).toEqual([])
    await page.context().close()
  })
})
