import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'
import { serveConsole } from '../harness/console-in-browser.ts'

const APP = 'wxlibrary00000009'
/** One transparent pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)

describe.skipIf(!inject('temporalAddress') || !chromiumPath())('media and QR codes on a phone', () => {
  let app: AppHarness
  let browser: Browser
  let base: string
  let close: () => Promise<void>
  beforeAll(async () => {
    app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
    await app.addAccount({ appId: APP, name: '小鹿读书' })
    const server = await serveConsole(app)
    base = server.url
    close = server.close
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await close?.()
    await app?.close()
  })

  it('are uploaded and made in dialogs, and shown', async () => {
    const { page } = await openPage(browser, { viewport: { width: 375, height: 800 }, locale: 'en-US' })
    await page.goto(`${base}/signin?token=test-admin-token`)
    await page.goto(`${base}/media`)
    const file = (name: string, mimeType: string, buffer: Buffer) => ({ name, mimeType, buffer })
    await page.click('[data-opens="upload-medium"]')
    await page.setInputFiles('#f-file', file('notes.png', 'image/png', Buffer.from('text')))
    await page.click('#upload-medium button[type=submit]')
    await page.locator('#upload-medium[open] #p-file').waitFor()
    await page.setInputFiles('#f-file', file('cover.png', 'image/png', PNG))
    await page.click('#upload-medium button[type=submit]')
    await page.getByText('Uploaded “cover.png”').waitFor()
    const width = "document.querySelector('img.medium').naturalWidth"
    await page.locator('img.medium').scrollIntoViewIfNeeded()
    await page.waitForFunction(width)
    expect(await page.evaluate(width)).toBe(1)

    await page.goto(`${base}/qrcodes`)
    await page.click('[data-opens="create-qrcode"]')
    await page.fill('#f-qrScene', 'booth-7')
    await page.selectOption('#f-expires', '7d')
    await page.click('#create-qrcode button[type=submit]')
    await page.getByText('Created the QR code of the scene “booth-7”').waitFor()
    expect(await page.locator('.qr svg').isVisible()).toBe(true)
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('.page-head').isVisible()).toBe(false)
    expect(await page.locator('.qr svg').isVisible()).toBe(true)
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    await page.context().close()
  })
})
