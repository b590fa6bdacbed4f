import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { signatureOf } from '../../src/wechat/callback/crypto.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'
import { serveConsole } from '../harness/console-in-browser.ts'

const APP = 'wxconnect00000001'
const SECRET = 'test-app-secret-of-the-form'

describe.skipIf(!inject('temporalAddress') || !chromiumPath())('connecting an account in a browser', () => {
  let app: AppHarness
  let browser: Browser
  let base: string
  let close: () => Promise<void>
  let page: Page
  let complaints: string[]
  beforeAll(async () => {
    // Accounts that name no address use the simulator.
    app = await startAppHarness({ temporalAddress: inject('temporalAddress'), platform: true })
    const server = await serveConsole(app)
    base = server.url
    close = server.close
    browser = await launchBrowser()
    ;({ page, errors: complaints } = await openPage(browser))
    await page.goto(`${base}/signin?token=test-admin-token`)
  })
  afterAll(async () => {
    await browser?.close()
    await close?.()
    await app?.close()
  })

  /** WeChat's check of the callback address. */
  async function check(token: string): Promise<number> {
    const timestamp = String(Math.floor(Date.now() / 1_000))
    const signature = signatureOf(token, timestamp, '2')
    const query = new URLSearchParams({ signature, timestamp, nonce: '2', echostr: 'hello' })
    return (await fetch(`${app.callbackUrl}/wechat/${APP}?${query}`)).status
  }

  it('leads from the form to the first message, and turns green by itself', async () => {
    await page.goto(`${base}/accounts`)
    await page.click('a[href="/accounts/new"]')
    await page.fill('#f-appId', 'x')
    await page.fill('#f-name', '小鹿读书')
    await page.fill('#f-appSecret', SECRET)
    await page.click('[data-generate=token]')
    await page.click('[data-generate=aes-key]')
    const token = await page.inputValue('#f-token')
    const encodingAesKey = await page.inputValue('#f-encodingAesKey')
    expect([token, encodingAesKey]).toEqual([
      expect.stringMatching(/^[A-Za-z0-9]{32}$/),
      expect.stringMatching(/^[A-Za-z0-9]{43}$/),
    ])
    await page.click('form[action="/accounts/new"] button.main')
    await page.locator('#p-appId').waitFor()
    expect(await page.inputValue('#f-encodingAesKey')).toBe(encodingAesKey)
    await page.fill('#f-appId', APP)
    const callbackUrl = `${app.callbackUrl}/wechat/${APP}`
    const mode = 'security' as const
    const profile = 'wechat-2023' as const
    const shared = { token, encodingAesKey, mode, profile, callbackUrl, name: '小鹿读书' }
    app.simulator.addAccount({ appId: APP, appSecret: SECRET, ...shared })
    await page.click('form[action="/accounts/new"] button.main')

    await page.getByText('等待微信连接').waitFor()
    await page.getByText(`https://nurture.example/wechat/${APP}`).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/accounts/${APP}/connect`)
    expect(await page.locator('.copy-row code').allTextContents()).toContain(token)
    await page.getByText('微信接受这个密钥').waitFor()
    expect(await check('test-wrong-token')).toBe(401)
    await page.getByText('微信到了，但验证没有通过').waitFor()
    // What happened while the connection was lost is shown when it is back.
    await page.context().setOffline(true)
    await page.locator('#connection-lost').waitFor({ state: 'visible' })
    expect(await check(token)).toBe(200)
    await page.context().setOffline(false)
    await page.locator('#connection-lost').waitFor({ state: 'hidden' })
    await page.locator('#connection.green').getByText('微信已连通').waitFor()
    await app.simulator.account(APP).type('oFirst', '你好')
    await page.getByText('收到第一条真实消息').waitFor()
    expect(await page.locator('#connection-poll').count()).toBe(0)

    await page.reload()
    await page.getByText('微信已连通').waitFor()
    const html = await page.content()
    for (const secret of [token, encodingAesKey, SECRET]) expect(html).not.toContain(secret)
  })

  it('edits the menu, shows it as a phone does, and publishes it', async () => {
    await page.click(`a[href="/accounts/${APP}/menu"]`)
    await page.getByText('这个公众号还没有菜单').waitFor()
    await page.fill('#f-name-0', '新手资料的名字太长了')
    await page.fill('#f-value-0', 'guide')
    await page.locator('[data-preview="0"]', { hasText: '新手资料' }).waitFor()
    expect(await page.locator('#f-appid-0').isVisible()).toBe(false)
    await page.click('#menu-form button.main')
    await page.locator('#p-name-0').waitFor()
    expect(await page.inputValue('#f-value-0')).toBe('guide')
    await page.fill('#f-name-0', '新手资料')
    await page.locator('#menu-form details').nth(1).locator('summary').click()
    await page.fill('#f-name-1', '更多')
    await page.fill('#f-name-1-0', '商城')
    await page.selectOption('#f-kind-1-0', 'miniprogram')
    await page.fill('#f-value-1-0', 'https://example.com')
    await page.fill('#f-appid-1-0', 'wx0000000000000001')
    await page.fill('#f-page-1-0', 'pages/index')
    await page.click('#menu-form button.main')
    await page.getByText('菜单已发布到微信').waitFor()
    expect(await page.inputValue('#f-name-1-0')).toBe('商城')
    await page.click(`form[action="/accounts/${APP}/menu/save"] button`)
    await page.getByText('已备份菜单（2 个按钮）').waitFor()
    await page.click('[data-opens="remove-menu"]')
    await page.click('#remove-menu button.danger')
    await page.getByText('保存的备份').waitFor()
    expect(await page.inputValue('#f-name-0')).toBe('新手资料')
    expect(
      complaints.filter((text) => !/status of 4(09|22)|ERR_INTERNET_DISCONNECTED|Failed to fetch/.test(text)),
    ).toEqual([])
  })
})
