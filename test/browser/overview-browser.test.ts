import { setTimeout as pause } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { addActivity, SLOT_MS, slotOf } from '../../src/store/statistics/activity-counts.ts'
import { freePort } from '../../src/temporal/local-server/ports.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'
import { serveConsole } from '../harness/console-in-browser.ts'

const APP = 'wxoverview0000001'
const CAMPAIGN = `
id: welcome
name: 新粉欢迎
entry: { event: subscribe }
steps:
  - { id: hint, after: 5h, since: entry, send: { text: 还在吗？ } }
  - { id: day-1, after: 22h, since: reply, send: { text: 第二天 } }
`

describe.skipIf(!inject('temporalAddress') || !chromiumPath())('the overview in a browser', () => {
  let app: AppHarness
  let browser: Browser
  let server: { url: string; close(): Promise<void> }
  beforeAll(async () => {
    app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
    await app.addAccount({ appId: APP, name: '小鹿读书' })
    await app.publish(CAMPAIGN)
    await app.simulator.account(APP).follow('oOverviewFirst')
    await app.waitForRun(APP, 'oOverviewFirst', (run) => run.runId !== null)
    const { db } = app.services
    const now = Date.now()
    for (let back = 0; back < 144 + 30; back++)
      await addActivity(db, slotOf(now) - back * SLOT_MS, [
        { metric: 'entered', label: '', n: 40 + (back % 7) * 3 },
        { metric: 'replied', label: '', n: 12 + (back % 5) },
        { metric: 'send', label: 'sent', n: 90 + (back % 9) },
        { metric: 'skipped', label: 'no-grant', n: 3 },
        { metric: 'skipped', label: 'window-closed', n: 1 },
        { metric: 'skipped', label: 'replied', n: 7 },
        { metric: 'late', label: '0.5', n: 80 },
        { metric: 'late', label: '1', n: 12 },
        { metric: 'late', label: '5', n: 2 },
      ])
    server = await serveConsole(app, {}, await freePort())
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await app?.close()
  })

  async function open(prepare?: (page: Page) => Promise<unknown>): Promise<{ page: Page; errors: string[] }> {
    const opened = await openPage(browser)
    await prepare?.(opened.page)
    await opened.page.goto(`${server.url}/signin?token=test-admin-token`)
    await opened.page.waitForURL(`${server.url}/`)
    return opened
  }

  it('shows a new follower and a blocked account without a reload', async () => {
    // Also where the script of the stream arrives after the others.
    const { page, errors } = await open((opened) =>
      opened.route('**/assets/hx-sse.js', async (route) => {
        await pause(500)
        await route.continue()
      }),
    )
    await page.evaluate('window.notReloaded = true')
    await app.simulator.account(APP).follow('oOverviewSecond')
    await page.locator('.feed li', { hasText: 'oOve…cond' }).first().waitFor()
    await app.services.accounts.setState(APP, 'blocked', '48004 api forbidden')
    await page.locator('#overview-attention .note.red', { hasText: '小鹿读书' }).waitFor()
    await app.services.accounts.setState(APP, 'active', null)
    await page.locator('#overview-attention .note.green').waitFor()
    expect(await page.evaluate('window.notReloaded')).toBe(true)
    expect(errors).toEqual([])
    await page.context().close()
  })

  it('begins later when its stream could not begin with the page', async () => {
    const refused: string[] = []
    const { page } = await open(async (opened) => {
      await opened.clock.install()
      await opened.route('**/live?*', async (route) => {
        if (refused.push(route.request().url()) === 1) await route.abort()
        else await route.continue()
      })
    })
    await expect.poll(() => refused.length).toBe(1)
    await app.simulator.account(APP).follow('oOverviewLater')
    await app.waitForRun(APP, 'oOverviewLater', (run) => run.runId !== null)
    await expect
      .poll(async () => {
        await page.clock.runFor(5_000)
        return page.locator('.feed li', { hasText: 'oOve…ater' }).count()
      })
      .toBeGreaterThan(0)
    expect(refused).toHaveLength(2)
    await page.context().close()
  })

  it('keeps a table open that somebody reads, while its chart changes', async () => {
    const { page } = await open()
    await page.click('#overview-lateness summary')
    const before = await page.textContent('#overview-lateness .facts')
    await addActivity(app.services.db, slotOf(Date.now()), [{ metric: 'late', label: '0.5', n: 1_000 }])
    await expect.poll(() => page.textContent('#overview-lateness .facts')).not.toBe(before)
    expect(await page.isVisible('#overview-lateness table')).toBe(true)
    await page.context().close()
  })

  it('lets the feed stand still while it is paused, and catches up afterwards', async () => {
    const { page } = await open()
    await page.mouse.move(0, 0)
    await page.click('[data-pause-feed]')
    await page.mouse.move(0, 0)
    await page.evaluate('document.activeElement.blur()')
    await app.simulator.account(APP).follow('oOverviewThird')
    await app.waitForRun(APP, 'oOverviewThird', (run) => run.runId !== null)
    const entered = async () =>
      Number((await page.locator('#overview-figures b').first().textContent())?.replaceAll(',', ''))
    const before = await entered()
    await addActivity(app.services.db, slotOf(Date.now()), [{ metric: 'entered', label: '', n: 7_000 }])
    await expect.poll(entered).toBeGreaterThanOrEqual(before + 7_000)
    expect(await page.locator('.feed li', { hasText: 'oOve…hird' }).count()).toBe(0)
    await page.click('[data-pause-feed]')
    await page.mouse.move(0, 0)
    await page.evaluate('document.activeElement.blur()')
    await page.locator('.feed li', { hasText: 'oOve…hird' }).first().waitFor()
    await page.context().close()
  })

  it('says that its data is old while the server is away, and goes on afterwards', async () => {
    const { page } = await open()
    await page.locator('#overview-live').waitFor()
    await page.context().setOffline(true)
    await server.close()
    await page.locator('#live-stale', { hasText: '连接中断' }).waitFor()
    const again = await serveConsole(app, {}, Number(new URL(server.url).port))
    server = again
    await page.context().setOffline(false)
    await page.locator('#live-stale').waitFor({ state: 'hidden' })
    await page.context().close()
  })

  it('ends the stream when its user signs out', async () => {
    const { page } = await open()
    const other = await page.context().newPage()
    await other.goto(`${server.url}/accounts`)
    await other.click('.side button[aria-label="退出登录"], .side form[action="/signout"] button')
    await page.waitForURL(/\/signin/)
    await page.context().close()
  })
})
