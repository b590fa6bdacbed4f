import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { PlatformController } from '../../src/simulator/index.ts'
import { TEST_PLATFORM } from '../fixtures/test-account.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'
import { serveConsole } from '../harness/console-in-browser.ts'
import { WAIT_TIMEOUT_MS } from '../harness/timeouts.ts'
import { waitFor } from '../harness/wait-for.ts'

const CAMPAIGN = `
id: everybody
name: 所有账号
entry: { event: subscribe }
steps:
  - { id: now, after: 0s, send: { text: 您好 } }
  - { id: later, after: 12s, since: entry, send: { text: 还在吗 } }
`
const BURST = 120

const BANNED = 'wxowner-banned'
const REVOKED = 'wxowner-revoked'
const OVERLOADED = 'wxowner-overloaded'
const QUIET = 'wxowner-quiet'

describe.skipIf(!inject('temporalAddress') || !chromiumPath())('many accounts of one platform', () => {
  let app: AppHarness
  let component: PlatformController
  let browser: Browser
  let page: Page
  let base: string
  let close: () => Promise<void>
  const wechat = (appId: string) => app.simulator.account(appId)

  beforeAll(async () => {
    // The burst may take long on a slow machine. The load benchmark measures its speed.
    const answerWithinMs = WAIT_TIMEOUT_MS
    app = await startAppHarness({
      temporalAddress: inject('temporalAddress'),
      platform: true,
      answerWithinMs,
    })
    component = app.simulator.addComponent({
      ...TEST_PLATFORM,
      authorisationUrl: `${app.callbackUrl}/wechat/component`,
      callbackUrl: `${app.callbackUrl}/wechat/$APPID$`,
    })
    for (const appId of [BANNED, REVOKED, OVERLOADED, QUIET]) {
      app.simulator.addAccount({
        appId,
        appSecret: 'test-of-the-owner',
        token: 'test-of-the-owner',
        encodingAesKey: TEST_PLATFORM.aesKey,
        mode: 'plain',
        name: `公众号 ${appId}`,
        profile: 'wechat-2023',
        callbackUrl: 'http://127.0.0.1:9',
      })
    }
    await component.pushTicket()
    await app.publish(CAMPAIGN)
    const server = await serveConsole(app, {
      authorisationUrl: `${app.callbackUrl}/wechat/component/authorize`,
    })
    base = server.url
    close = server.close
    browser = await launchBrowser()
    page = (await openPage(browser)).page
  })
  afterAll(async () => {
    await browser?.close()
    await close?.()
    await app?.close()
  })

  const row = (appId: string) => page.locator('.account-card', { hasText: appId })
  const runOf = (appId: string, openId: string, step: number) =>
    app.waitForRun(appId, openId, (r) => r.state.steps[step]?.state === 'sent')
  /** The state of the second step once it is decided. `held`: it missed the minute of the follow's grant. */
  async function secondStep(appId: string, openId: string): Promise<string | undefined> {
    const isDecided = (state = '') => ['sent', 'held', 'skipped', 'unknown'].includes(state)
    const run = await app.waitForRun(appId, openId, (r) => isDecided(r.state.steps[1]?.state))
    return run.state.steps[1]?.state
  }

  it('are authorised one after the other in the browser', async () => {
    await page.goto(base)
    await page.fill('input[name=token]', 'test-admin-token')
    await page.click('button.main')
    for (const appId of [BANNED, REVOKED, OVERLOADED, QUIET]) {
      await page.goto(`${base}/accounts`)
      await page.getByRole('link', { name: '扫码授权' }).click()
      await page.locator(`button[value="${appId}"]`).click()
      await page.getByText('授权成功').waitFor()
    }
    await page.goto(`${base}/accounts`)
    for (const appId of [BANNED, REVOKED, OVERLOADED, QUIET]) await row(appId).getByTitle('active').waitFor()
  })

  it('all run the same campaign', async () => {
    for (const appId of [BANNED, REVOKED, OVERLOADED, QUIET]) {
      await wechat(appId).follow('oFirst')
      await runOf(appId, 'oFirst', 0)
    }
  })

  it('a banned, a revoked and an overloaded account do not delay another one beyond its grant', async () => {
    const quiet = ['oQuiet1', 'oQuiet2', 'oQuiet3']
    for (const openId of quiet) await wechat(QUIET).follow(openId)
    app.simulator.fault({ api: 'custom/send', appId: BANNED, errcode: 48004, times: 1_000_000 })
    await wechat(BANNED).follow('oBanned')
    await component.revoke(REVOKED)
    const burst = Promise.all(
      Array.from({ length: BURST }, (_, i) => wechat(OVERLOADED).follow(`oBurst${i}`)),
    )
    expect(await Promise.all(quiet.map((openId) => secondStep(QUIET, openId)))).toEqual(
      quiet.map(() => 'sent'),
    )
    expect((await burst).every((answer) => answer.ok)).toBe(true)
    await waitFor(() => wechat(OVERLOADED).sends.filter((s) => s.errcode === 0).length >= BURST)
  })

  it('show the operator their states with the remedies', async () => {
    await waitFor(async () => (await app.services.accounts.find(BANNED))?.state === 'blocked')
    await page.goto(`${base}/accounts`)
    await row(BANNED).getByTitle('blocked').waitFor()
    await row(REVOKED).getByTitle('needs-authorisation').waitFor()
    for (const appId of [OVERLOADED, QUIET]) await row(appId).getByTitle('active').waitFor()
    const remedy = async (appId: string) => ((await row(appId).locator('.note').textContent()) ?? '').trim()
    for (const appId of [BANNED, REVOKED]) expect((await remedy(appId)).length).toBeGreaterThan(5)
    const ended = await app.waitForRun(REVOKED, 'oFirst', (r) => r.status === 'ended')
    expect(ended.state.outcome).toBe('account-stopped')
    // Runs of the banned account continue once WeChat accepts its sends again.
    app.simulator.clearFaults()
    await app.waitForRun(BANNED, 'oBanned', (r) => r.status === 'active')
  })
})
