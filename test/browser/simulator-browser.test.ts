import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSimulator, type Simulator } from '../../src/simulator/index.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'

const APP = 'wxtest0000000001'
const TOKEN = 'testtoken'

describe.skipIf(!chromiumPath())('the form for a callback server', () => {
  let browser: Browser
  let simulator: Simulator
  let url: string
  let own: string
  const bodies: string[] = []
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
    simulator = createSimulator()
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
})
