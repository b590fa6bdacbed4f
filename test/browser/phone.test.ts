import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { chromiumPath, launchBrowser, openPage } from '../support/chromium.ts'
import { startWhole, type Whole } from '../support/whole.ts'

const APP = 'wxbrowser00000001'
const KINDS = `
id: kinds
name: 各种消息
accounts: [${APP}]
entry: { event: click, keys: [kinds] }
spacing: 0s
steps:
  - { id: menu, after: 0s, send: { menu: { head: 喜欢吗？, items: [{ id: "yes", text: 喜欢 }, { id: "no", text: 不喜欢 }], tail: 谢谢 } } }
  - { id: link, after: 0s, send: { text: '看 <a href="https://example.com/a">这里</a>' } }
  - { id: mini, after: 0s, send: { miniprogram: { title: 小程序, appId: wx9, path: pages/a, thumb: media-1 } } }
`

describe.skipIf(!inject('engineAddress') || !chromiumPath())('the phone in a browser', () => {
  let whole: Whole
  let browser: Browser
  let phone: string
  beforeAll(async () => {
    whole = await startWhole({ engineAddress: inject('engineAddress') })
    await whole.addAccount({ appId: APP, name: '小鹿读书' })
    const example = readFileSync(new URL('../../campaigns/welcome.yaml', import.meta.url), 'utf8')
    await whole.publish(example.replace('wxsimulated000001', APP))
    await whole.publish(KINDS)
    phone = `${whole.simulatorUrl}/phone/${APP}`
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await whole?.close()
  })

  const sees = (page: Page, text: string) => page.locator('#chat', { hasText: text }).waitFor()

  it('follows, is welcomed, replies, gets the gift at once, and the rest by fast-forward', async () => {
    const { page, complaints } = await openPage(browser)
    await page.goto(`${phone}/oBrowser`)
    await page.click('#follow')
    await sees(page, '欢迎关注 小鹿读书')
    await page.locator('#grants', { hasText: 'subscribe' }).waitFor()
    await page.fill('#text', '1')
    await page.click('#send')
    await sees(page, '新手资料')
    await page.locator('#grants', { hasText: 'message' }).waitFor()
    await page.click('#to-next')
    await sees(page, '资料看到哪里了')
    await page.click('[data-forward="3600000"]')
    await page.locator('#offset', { hasText: '1' }).waitFor()
    await page.click('#to-next')
    await sees(page, '昨天领取的资料')
    expect(await page.locator('#trouble').textContent()).toBe('')
    expect(complaints).toEqual([])
    await page.context().close()
  })

  it('shows what WeChat refused, and a fault that was switched on from the page', async () => {
    const { page } = await openPage(browser)
    await page.goto(`${phone}/oFault`)
    await page.click('#follow')
    await sees(page, '欢迎关注')
    await page.selectOption('#fault', { label: '系统繁忙 -1 ×3' })
    await page.click('#add-fault')
    await page.fill('#text', '1')
    await page.click('#send')
    await page.locator('#sends', { hasText: '-1' }).waitFor()
    await sees(page, '新手资料')
    await page.click('#clear-faults')
    await page.context().close()
  })

  it('unfollows: nothing more comes, and the button offers to follow again', async () => {
    const { page } = await openPage(browser)
    await page.goto(`${phone}/oLeaver`)
    await page.click('#follow')
    await sees(page, '欢迎关注')
    await whole.runWhen(APP, 'oLeaver', () => true)
    await page.click('#follow')
    await sees(page, '已取消关注')
    await whole.runWhen(APP, 'oLeaver', (r) => r.outcome === 'unsubscribed')
    await page.context().close()
  })

  it('renders menus, links and mini programs as WeChat does; a tapped item counts as a menu click', async () => {
    const { page, complaints } = await openPage(browser)
    await whole.simulator.account(APP).tapMenu('oKinds', 'kinds')
    await page.goto(`${phone}/oKinds`)
    await sees(page, '喜欢吗？')
    await sees(page, '小程序')
    expect(await page.locator('#chat a[href="https://example.com/a"]').textContent()).toBe('这里')
    await page.locator('#chat').getByText('不喜欢', { exact: true }).click()
    await page.locator('#grants', { hasText: 'menu' }).waitFor()
    expect(complaints).toEqual([])
    await page.context().close()
  })
})
