import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { listBulkJobs } from '../../src/store/bulk/bulk-jobs.ts'
import { type RunRow, runsByFollower } from '../../src/store/runs/run-rows.ts'
import { runs } from '../../src/store/schema.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'
import { serveConsole, signInBrowser } from '../harness/console-in-browser.ts'
import { expectAccessible } from '../harness/expect-accessible.ts'

const APP = 'wxbulk00000000001'
const FOLLOWERS = 12
/** So many that a slow machine has time to stop the job, which changes 100 a second. Temporal has no execution of them. */
const MORE = 10_000
const CAMPAIGN = (id: string, event: string) => `
id: ${id}
name: 新粉欢迎
accounts: [${APP}]
entry: ${event}
steps:
  - { id: hint, after: 20h, since: entry, send: { text: 还在吗？ } }
`

describe.skipIf(!inject('temporalAddress') || !chromiumPath())('many followers at once in a browser', () => {
  let app: AppHarness
  let browser: Browser
  let server: { url: string; close(): Promise<void> }
  beforeAll(async () => {
    app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
    await app.addAccount({ appId: APP, name: '小鹿读书' })
    await app.publish(CAMPAIGN('welcome', '{ event: subscribe }'))
    await app.publish(CAMPAIGN('large', '{ event: scan, qrScenes: [large] }'))
    for (let i = 0; i < FOLLOWERS; i++) await app.simulator.account(APP).follow(`oBulk${i}`)
    for (let i = 0; i < FOLLOWERS; i++) await app.waitForRun(APP, `oBulk${i}`, (run) => run.runId !== null)
    server = await serveConsole(app)
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await app?.close()
  })

  async function open() {
    const opened = await openPage(browser)
    await opened.page.goto(`${server.url}/signin?token=test-admin-token`)
    return opened
  }
  const jobs = () => listBulkJobs(app.services.db, { after: null, limit: 20 })
  /** Waits until the form of the dialog has led to the next page: it is sent some time after the click. */
  const isLeft = (page: Page) => page.locator('#bulk-dialog[open]').waitFor({ state: 'detached' })
  const figure = (page: Page, result: string) => page.textContent(`#bulk-result-${result} b`)

  it('counts all that match, changes them once at a double click, and lists what became of them', async () => {
    const { page, errors } = await open()
    await page.goto(`${server.url}/followers`)
    await page.selectOption('select[name=campaign]', 'welcome')
    await page.click('form.filters > button[type=submit]')
    await page.check('[data-pick-all]')
    await page.click('.bulk-bar button[value=pause]')
    const dialog = page.locator('#bulk-dialog')
    await dialog.getByText(`暂停 ${FOLLOWERS} 位粉丝的培育？`).waitFor()
    expect(await dialog.textContent()).toContain('消息暂缓发送')
    await dialog.getByRole('button', { name: `暂停 ${FOLLOWERS} 位` }).dblclick()
    await page.locator('.bulk-job.finished').waitFor()
    expect((await jobs()).map(({ action, total, done }) => ({ action, total, done }))).toEqual([
      { action: 'pause', total: FOLLOWERS, done: FOLLOWERS },
    ])
    // Nothing is clicked: the rows are read again until they show it.
    const paused = page.locator('#follower-rows tbody tr', { hasText: '已暂停' })
    await expect.poll(() => paused.count()).toBe(FOLLOWERS)
    await page.locator('#follower-rows:not([hx-get])').waitFor()
    await page.click('.bulk-job.finished [data-close-job]')
    await page.reload()
    expect(await page.locator('.bulk-job').isVisible()).toBe(false)
    await page.evaluate('sessionStorage.clear()')
    await page.reload()
    await page.click('.bulk-job a')
    expect(await figure(page, 'done')).toBe(String(FOLLOWERS))
    await page.click('#bulk-result-done a')
    await page.locator('.chip', { hasText: '操作结果' }).waitFor()
    await expect.poll(() => page.locator('.followers tbody tr').count()).toBe(FOLLOWERS)
    expect(errors).toEqual([])
    await page.context().close()
  })

  it('resumes the picked ones, and cancels others with a reason', async () => {
    const { page } = await open()
    await page.goto(`${server.url}/followers?status=paused&openId=oBulk1`)
    await page.check('[data-pick-page]')
    await page.click('.bulk-bar button[value=resume]')
    // oBulk1, oBulk10 and oBulk11.
    await page.click('#bulk-dialog button:has-text("恢复 3 位")')
    await isLeft(page)
    for (const openId of ['oBulk1', 'oBulk10', 'oBulk11'])
      await app.waitForRun(APP, openId, (run) => run.status === 'active')
    await page.goto(`${server.url}/followers?openId=oBulk5`)
    await page.check('[data-pick]')
    await page.click('.bulk-bar button[value=cancel]')
    await page.fill('#bulk-dialog input[name=reason]', '客户要求')
    await page.click('#bulk-dialog button.danger')
    await isLeft(page)
    const run = await app.waitForRun(APP, 'oBulk5', ({ status }) => status === 'ended')
    expect(run.state).toMatchObject({ outcome: 'cancelled', reason: '客户要求' })
    await page.goto(`${server.url}/followers`)
    for (const openId of ['oBulk1', 'oBulk2', 'oBulk5']) await page.check(`#pick-${APP}-${openId}`)
    await page.evaluate('window.notReloaded = true')
    for (let time = 0; time < 2; time++) {
      await page.click('.bulk-bar button[value=pause]')
      const said = page.locator('#bulk-dialog', {
        hasText: '选中 3 位，其中 1 位已结束，1 位已经暂停，不会暂停。',
      })
      await said.getByText('暂停 1 位粉丝的培育？').waitFor()
      await said.getByRole('button', { name: '取消' }).click()
      await isLeft(page)
      expect(await page.textContent('[data-picked]')).toBe('已选 3 位')
      expect(await page.evaluate('[document.activeElement.value, window.notReloaded]')).toEqual([
        'pause',
        true,
      ])
    }
    await page.context().close()
  })

  it('shows the progress live, stops midway, says what is left, and goes on with it', async () => {
    const [like] = await runsByFollower(app.services.db, { appId: APP, openId: 'oBulk1' }, 1)
    const stored = Array.from({ length: MORE }, (_, i) => copyOf(like as RunRow, i))
    for (let at = 0; at < MORE; at += 500)
      await app.services.db.insert(runs).values(stored.slice(at, at + 500))
    const { page } = await open()
    await page.goto(`${server.url}/followers?campaign=large&all=yes&bulk=cancel`)
    await page.click('#bulk-dialog button.danger')
    await page.click('.bulk-job.running a')
    await page.evaluate('window.notReloaded = true')
    const ended = async () => Number((await figure(page, 'ended'))?.replaceAll(',', ''))
    await expect.poll(ended).toBeGreaterThan(0)
    const before = await ended()
    await expect.poll(ended).toBeGreaterThan(before)
    await page.context().setOffline(true)
    await page.locator('#connection-lost').waitFor({ state: 'visible' })
    const lost = await ended()
    await page.context().setOffline(false)
    await page.locator('#connection-lost').waitFor({ state: 'hidden' })
    await expect.poll(ended).toBeGreaterThan(lost)
    expect(await page.evaluate('window.notReloaded')).toBe(true)
    await page.click('#bulk-job button:has-text("停止")')
    await page.locator('#bulk-job .pill', { hasText: '已停止' }).waitFor()
    expect((await jobs())[0]).toMatchObject({ state: 'stopped', total: MORE })
    await page.reload()
    const left = Number((await figure(page, 'left'))?.replaceAll(',', ''))
    expect((await ended()) + left).toBe(MORE)
    expect(left).toBeGreaterThan(0)
    const job = page.url()
    await page.click('#bulk-result-left a:not(.button)')
    await page.locator('.followers tbody tr').first().waitFor()
    // The runs that were under way at the stop are still changed and counted.
    await expect
      .poll(async () => {
        await page.goto(job)
        await page.click('#bulk-result-left a.button')
        const question = await page.locator('#bulk-dialog[open] h2').textContent()
        const open = MORE - ((await jobs())[0]?.ended ?? 0)
        return question?.includes(` ${open.toLocaleString('zh-CN')} `)
      })
      .toBe(true)
    await page.context().close()
  })

  it('shows a viewer the results, and nothing that changes', async () => {
    const { page: viewer } = await openPage(browser)
    await signInBrowser(viewer.context(), server.url, 'viewer')
    await viewer.goto(`${server.url}/followers`)
    await viewer.locator('.followers tbody tr').first().waitFor()
    expect(await viewer.locator('.bulk-bar, [data-pick]').count()).toBe(0)
    await viewer.goto(`${server.url}/bulk-jobs`)
    await viewer.click('td a')
    await viewer.locator('#bulk-result-left').waitFor()
    expect(await viewer.locator('#bulk-job button, #bulk-job a.button').count()).toBe(0)
    await viewer.context().close()
  })

  it.each([
    [1280, 'zh-CN', 'light'],
    [375, 'en-US', 'dark'],
  ] as const)('is accessible and fits at %s px in %s', async (width, locale, colorScheme) => {
    const { page } = await openPage(browser, { viewport: { width, height: 900 }, locale, colorScheme })
    await page.goto(`${server.url}/signin?token=test-admin-token`)
    const [newest] = await jobs()
    for (const path of ['/bulk-jobs', `/bulk-jobs/${newest?.id}`]) {
      await page.goto(server.url + path)
      await expectAccessible(page, path)
    }
    await page.context().close()
  })
})

/** A run like another one, of which Temporal has no execution. */
function copyOf(run: RunRow, i: number): RunRow {
  const openId = `oLarge${String(i).padStart(5, '0')}`
  const state = { ...run.state, campaign: 'large' }
  return { ...run, runKey: `large-${i}`, openId, runId: null, campaign: 'large', status: 'active', state }
}
