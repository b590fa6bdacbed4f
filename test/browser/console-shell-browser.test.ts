import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'
import { serveConsole } from '../harness/console-in-browser.ts'
import { expectAccessible } from '../harness/expect-accessible.ts'
import { callApi } from '../harness/process/program.ts'

const APP = 'wxshell0000000001'
/** Names of people fit on a phone too, also without a space, and with a character that turns the direction of text. */
const LONG_NAME = `小鹿读书\u202e${'x'.repeat(80)}`
const CAMPAIGN = `
id: welcome
name: 新粉欢迎
entry: { event: subscribe }
steps:
  - { id: hint, after: 20s, since: entry, when: not-replied, send: { text: 还在吗？ } }
  - { id: day-1, after: 22h, since: reply, send: { text: 第二天 } }
`
const PATHS = [
  '/',
  '/accounts',
  `/accounts/${APP}`,
  `/accounts/${APP}/settings`,
  `/accounts/${APP}/menu`,
  `/accounts/${APP}/connect`,
  '/accounts/new',
  '/qrcodes',
  '/qrcodes/1',
  '/media',
  '/campaigns',
  '/campaigns/new',
  '/campaigns/new?from=course',
  '/campaigns/new?from=import',
  '/campaigns/welcome',
  '/campaigns/welcome?range=all',
  '/campaigns/welcome/edit',
  '/campaigns/welcome/versions',
  '/campaigns/welcome/publish',
  '/campaigns/welcome/yaml',
  '/campaigns/welcome/accounts',
  '/campaigns/welcome/test',
  '/campaigns/welcome/dry-run',
  '/followers',
  '/bulk-jobs',
  `/followers/${APP}/oShell`,
  '/users',
  '/tokens',
  '/audit',
  '/system',
  '/start',
  '/no/such/page',
]

describe.skipIf(!inject('temporalAddress') || !chromiumPath())('every page of the console', () => {
  let app: AppHarness
  let browser: Browser
  let base: string
  let close: () => Promise<void>
  beforeAll(async () => {
    app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
    await app.addAccount({ appId: APP, name: LONG_NAME })
    await app.publish(CAMPAIGN)
    await app.simulator.account(APP).follow('oShell')
    await app.waitForRun(APP, 'oShell', () => true)
    const server = await serveConsole(app)
    base = server.url
    close = server.close
    await callApi(base, '/api/qrcodes', { appId: APP, qrScene: 'q'.repeat(64) })
    await app.services.accounts.setState(APP, 'blocked', '48004 api forbidden')
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await close?.()
    await app?.close()
  })

  async function signedIn(width: number, locale: string, colorScheme: 'light' | 'dark'): Promise<Page> {
    const { page } = await openPage(browser, { viewport: { width, height: 800 }, locale, colorScheme })
    await page.goto(`${base}/signin?token=test-admin-token`)
    return page
  }

  it.each([
    [1280, 'zh-CN', 'light'],
    [375, 'zh-CN', 'dark'],
    [1280, 'en-US', 'dark'],
    [375, 'en-US', 'light'],
  ] as const)('is accessible and fits at %s px in %s, %s', async (width, locale, colorScheme) => {
    const page = await signedIn(width, locale, colorScheme)
    for (const path of PATHS) {
      await page.goto(base + path)
      await expectAccessible(page, path)
    }
    await page.context().close()
  })

  it('changes its language and its appearance where it is', async () => {
    const page = await signedIn(1280, 'zh-CN', 'light')
    await page.goto(`${base}/followers?status=active`)
    await page.click('.side button[aria-label="English"]')
    await page.getByRole('heading', { name: 'Followers' }).waitFor()
    expect(new URL(page.url()).search).toBe('?status=active')
    await page.click('.side button[aria-label="Switch to light theme"]')
    await page.click('.side button[aria-label="Switch to dark theme"]')
    await page.locator('html[data-theme=dark]').waitFor()
    await page.context().close()
  })

  it('says that the connection is lost, and that it is back', async () => {
    const page = await signedIn(1280, 'zh-CN', 'light')
    await page.goto(`${base}/system`)
    await page.locator('#system').waitFor()
    expect(await page.locator('#connection-lost').isVisible()).toBe(false)
    await page.context().setOffline(true)
    await page.locator('#connection-lost').waitFor({ state: 'visible' })
    await page.context().setOffline(false)
    await page.locator('#connection-lost').waitFor({ state: 'hidden' })
    await page.context().close()
  })

  it('keeps what was typed when the connection or the session is lost, and sends it then', async () => {
    const page = await signedIn(1280, 'zh-CN', 'light')
    const context = page.context()
    await page.goto(`${base}/accounts/${APP}/settings`)
    const field = page.locator('#variables textarea')
    const save = page.locator('#variables button[type=submit]')
    const note = page.locator('#variables [data-lost]')
    await field.fill('shop=断线时写的')
    await context.setOffline(true)
    await save.click()
    await note.filter({ hasText: '连不上服务器' }).waitFor()
    await context.setOffline(false)
    const cookies = await context.cookies()
    await context.clearCookies()
    await save.click()
    await note.filter({ hasText: '登录已失效' }).waitFor()
    expect(await note.count()).toBe(1)
    await context.addCookies(cookies)
    await save.click()
    await page.locator('.notice').waitFor()
    expect(await field.inputValue()).toBe('shop=断线时写的')
    await context.close()
  })

  it('creates one token, also when its page is loaded again', async () => {
    const page = await signedIn(1280, 'en-US', 'light')
    await page.goto(`${base}/tokens`)
    await page.click('[data-opens=create-token]')
    await page.fill('dialog[open] [name=name]', 'once')
    await page.click('dialog[open] button[type=submit]')
    await page.locator('[data-page-address]').waitFor()
    // Its script sets the address that is loaded again.
    await page.waitForLoadState()
    await page.reload()
    expect(await page.locator('tbody').getByText('once', { exact: true }).count()).toBe(1)
    await page.context().close()
  })

  it('stays when the session ends while something is typed, and else leads to the sign-in page', async () => {
    const page = await signedIn(1280, 'zh-CN', 'light')
    await page.goto(`${base}/followers/${APP}/oShell`)
    await page.locator('[data-opens=cancel]').first().click()
    await page.locator('dialog[open] [name=reason]').fill('写到一半')
    await page.context().clearCookies()
    await page.locator('dialog[open] [data-lost]').waitFor()
    expect(await page.locator('dialog[open] [name=reason]').inputValue()).toBe('写到一半')
    await page.locator('dialog[open] [name=reason]').fill('')
    await page.waitForURL('**/signin')
    await page.context().close()
  })

  it('goes to pages by keys, unless they are switched off', async () => {
    const page = await signedIn(1280, 'zh-CN', 'light')
    const open = page.locator('#shortcuts[open]')
    const closeDialog = async () => {
      await page.keyboard.press('Escape')
      // The browser closes a dialog some time after the key.
      await open.waitFor({ state: 'detached' })
    }
    await page.keyboard.press('?')
    await open.waitFor()
    await closeDialog()
    // Sent at once: a busy machine can take longer between two awaited keys than the page waits for the second.
    await Promise.all([page.keyboard.press('g'), page.keyboard.press('c')])
    await page.waitForURL('**/campaigns')
    await page.keyboard.press('?')
    await page.locator('#shortcuts input').uncheck()
    await closeDialog()
    await page.keyboard.press('?')
    expect(await open.count()).toBe(0)
    await page.context().close()
  })

  it('can be reached on a phone and with the keyboard', async () => {
    const phone = await signedIn(375, 'zh-CN', 'light')
    await phone.click('.tabs summary')
    await phone.click('.sheet a[href="/audit"]')
    await phone.getByRole('heading', { name: '操作记录' }).waitFor()
    await phone.context().close()
    const page = await signedIn(1280, 'zh-CN', 'light')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('main')
    await page.context().close()
  })
})
