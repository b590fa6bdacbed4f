import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'
import { serveConsole } from '../harness/console-in-browser.ts'

const APP = 'wxsecure000000001'
const PASSWORD = 'test-lins-password'
const ADMIN = { authorization: 'Bearer test-admin-token', 'content-type': 'application/json' }
/** An account name that would inject a script into a page without escaping. */
const INJECTED = '<script>window.ran=1</script><img src=x onerror="window.ran=1">'
const CAMPAIGN = `
id: welcome
name: 新粉欢迎
entry: { event: subscribe }
steps:
  - { id: day-1, after: 22h, send: { text: 第二天 } }
`

describe.skipIf(!inject('temporalAddress') || !chromiumPath())(
  'the content security policy blocks foreign scripts in',
  () => {
    let app: AppHarness
    let browser: Browser
    let base: string
    let close: () => Promise<void>
    beforeAll(async () => {
      app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
      await app.addAccount({ appId: APP, name: `小鹿${INJECTED}` })
      await app.publish(CAMPAIGN)
      const server = await serveConsole(app)
      base = server.url
      close = server.close
      browser = await launchBrowser()
      const added = await fetch(`${base}/api/users`, {
        method: 'POST',
        headers: ADMIN,
        body: JSON.stringify({ name: 'lin', role: 'admin', password: PASSWORD }),
      })
      expect(added.status).toBe(201)
      await app.simulator.account(APP).follow('oSecure')
      await app.waitForRun(APP, 'oSecure', (r) => r.runId !== null)
    })
    afterAll(async () => {
      await browser?.close()
      await close?.()
      await app?.close()
    })

    /** Opens a page that records the violations of its policy. */
    async function watched(): Promise<{ page: Page; errors: string[]; refused(): Promise<string[]> }> {
      const { page, errors: complaints } = await openPage(browser)
      const all: string[] = []
      await page.exposeFunction('reportRefused', (what: string) => void all.push(what))
      await page.addInitScript(`
      document.addEventListener('securitypolicyviolation', (e) =>
        window.reportRefused(e.violatedDirective + ' ' + e.blockedURI + ' on ' + location.pathname))`)
      return {
        page,
        errors: complaints,
        async refused() {
          await page.evaluate('new Promise((done) => setTimeout(done))')
          return all
        },
      }
    }

    it('every page of the console, and no page violates its own policy', async () => {
      const { page, errors: complaints, refused } = await watched()
      await page.goto(base)
      await page.fill('input[name=name]', 'lin')
      await page.fill('input[name=password]', PASSWORD)
      await page.click('button.main')
      await page.locator('.side').getByText('管理员').waitFor()
      const follower = `/followers/${APP}/oSecure`
      for (const path of [
        '/',
        '/accounts',
        '/campaigns',
        '/campaigns/welcome',
        '/followers',
        follower,
        '/users',
        '/tokens',
        '/audit',
      ]) {
        await page.goto(base + path)
        await page.locator('h1').waitFor()
        expect(await page.evaluate('window.ran')).toBeUndefined()
      }
      await page.goto(base)
      await page.getByText(INJECTED).first().waitFor()
      await page.goto(base + follower)
      await page.waitForResponse((r) => r.url().endsWith('/run') && r.ok())
      expect(await refused()).toEqual([])
      expect(complaints).toEqual([])
      await page.click('.side form[action="/signout"] button')
      await page.waitForURL('**/signin')
      expect(await refused()).toEqual([])
      await page.context().close()
    })

    it('a page with an injected script', async () => {
      const { page, refused } = await watched()
      await page.goto(`${base}/signin?token=test-admin-token`)
      await page.evaluate(`
      const script = document.createElement('script')
      script.textContent = 'window.ran = 1'
      document.body.append(script)
      document.body.insertAdjacentHTML('beforeend', '<b onclick="window.ran=1" style="color:red">x</b>')
      document.querySelector('b[onclick]').click()`)
      await expect
        .poll(refused)
        .toEqual(
          expect.arrayContaining([
            expect.stringContaining('script-src-elem inline'),
            expect.stringContaining('script-src-attr inline'),
            expect.stringContaining('style-src-attr inline'),
          ]),
        )
      expect(await page.evaluate('window.ran')).toBeUndefined()
      await page.context().close()
    })

    it('the phone and the sign-in page', async () => {
      const { page, errors: complaints, refused } = await watched()
      await page.goto(`${app.simulatorUrl}/phone/${APP}/oSecure`)
      await page.getByText('取消关注').or(page.getByText('已关注')).first().waitFor()
      await page.goto(`${base}/signin`)
      await page.fill('input[name=name]', 'lin')
      await page.fill('input[name=password]', 'wrong')
      await page.click('button.main')
      await page.getByText('用户名或密码不正确').waitFor()
      expect(await refused()).toEqual([])
      // Chromium logs the 401 as an error.
      expect(complaints.filter((c) => !c.includes('401'))).toEqual([])
      await page.context().close()
    })

    it('a page after a form from another site', async () => {
      const { page } = await openPage(browser)
      await page.goto(`${base}/signin?token=test-admin-token`)
      await page.locator('.side').getByText('管理令牌').waitFor()
      // `localhost` is another site than 127.0.0.1, so this page acts as a foreign site.
      await page.route('http://localhost:1/', (route) =>
        route.fulfill({
          contentType: 'text/html',
          body: `<form method="post" action="${base}/signout"><button>win a prize</button></form>`,
        }),
      )
      await page.goto('http://localhost:1/')
      const [answer] = await Promise.all([page.waitForResponse(`${base}/signout`), page.click('button')])
      expect(answer.status()).toBe(403)
      await page.goto(base)
      await page.locator('.side').getByText('管理令牌').waitFor()
      await page.context().close()
    })
  },
)
