import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'
import { serveConsole } from '../harness/console-in-browser.ts'

const APP = 'wxconsole00000001'
const CAMPAIGN = `
id: welcome
name: 新粉欢迎
entry: { event: subscribe }
steps:
  - { id: hint, after: 50s, since: entry, when: not-replied, send: { text: 还在吗？ } }
  - { id: gift, after: 0s, since: reply, send: { text: 资料 } }
  - { id: day-1, after: 22h, since: reply, send: { text: 第二天 } }
`

describe.skipIf(!inject('temporalAddress') || !chromiumPath())('the console in a browser', () => {
  let app: AppHarness
  let browser: Browser
  let base: string
  let close: () => Promise<void>
  beforeAll(async () => {
    app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
    await app.addAccount({ appId: APP, name: '小鹿读书' })
    await app.publish(CAMPAIGN)
    const server = await serveConsole(app, { temporalUiUrl: 'http://127.0.0.1:9' })
    base = server.url
    close = server.close
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await close?.()
    await app?.close()
  })

  it('signs in with the token, and shows a run live without a reload', async () => {
    const { page, errors: complaints } = await openPage(browser)
    await page.goto(base)
    await page.fill('input[name=token]', 'test-admin-token')
    await page.click('button.main')
    // Nothing was tried yet: the console begins with the first steps.
    await page.waitForURL('**/start')
    await page.click('.side a[href="/accounts"]')
    await page.getByText('小鹿读书').first().waitFor()
    await page.click('.side a[href="/campaigns"]')
    await page.getByText('新粉欢迎').first().waitFor()
    await app.simulator.account(APP).follow('oConsole')
    await app.waitForRun(APP, 'oConsole', () => true)
    await page.click('.side a[href="/followers"]')
    await page.click(`a[href="/followers/${APP}/oConsole"]`)
    const row = (step: string) => page.locator('tr', { hasText: step })
    await row('资料').waitFor()
    await app.simulator.account(APP).type('oConsole', '1')
    await row('资料').getByTitle('sent').waitFor()
    await app.simulator.account(APP).fastForward('oConsole', 60_000)
    await row('还在吗？').getByTitle('skipped').waitFor()
    expect(await page.locator('a[href*="nurture"]').count()).toBeGreaterThan(0)
    expect(complaints).toEqual([])
    await page.context().close()
  })
})
