import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { runs } from '../../src/store/schema.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'
import { serveConsole, signInBrowser } from '../harness/console-in-browser.ts'
import { expectAccessible } from '../harness/expect-accessible.ts'

const APP = 'wxresults00000001'
const CAMPAIGN = `
id: welcome
name: 新粉欢迎
entry: { event: subscribe, qrScenes: ["expo*"] }
steps:
  - { id: hint, after: 20s, since: entry, send: { text: 还在吗？ } }
  - id: test
    branches: [{ name: short, share: 50, steps: [{ id: a, send: { text: A } }] }]
    else: [{ id: b, send: { text: B } }]
  - { id: day-1, after: 22h, send: { text: 第二天 } }
`

describe.skipIf(!inject('temporalAddress') || !chromiumPath())(
  'the results of a campaign in a browser',
  () => {
    let app: AppHarness
    let browser: Browser
    let server: { url: string; close(): Promise<void> }
    beforeAll(async () => {
      app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
      await app.addAccount({ appId: APP, name: '小鹿读书' })
      await app.publish(CAMPAIGN)
      const now = Date.now()
      const rows = Array.from({ length: 600 }, (_, i) => {
        const startedAt = now - (i % 6) * 86_400_000
        const took = i % 2
        const fate = i % 5 === 0 ? 'skipped:no-grant' : i % 7 === 0 ? 'skipped:replied' : 'sent'
        const isOver = i % 3 !== 0
        return {
          runKey: `results-${i}`,
          appId: APP,
          openId: `oResults${i}`,
          campaign: 'welcome',
          version: 1,
          status: isOver ? ('ended' as const) : ('active' as const),
          outcome: isOver ? 'completed' : null,
          entry: {} as never,
          plan: { exitKeywords: [], windowMs: 1, shares: [0] } as never,
          state: { steps: [] } as never,
          revision: 1,
          startedAt,
          endedAt: isOver ? startedAt : null,
          createdAt: startedAt,
          updatedAt: startedAt,
          scenePattern: i % 4 === 0 ? 'expo*' : null,
          tallyRevision: 1,
          tally: {
            steps: [
              ['hint', 'due', 'sent'],
              [took === 0 ? 'a' : 'b', 'due', 'sent'],
              ...(isOver ? [['day-1', 'due', fate]] : []),
            ],
            forks: [took === 0 ? 0 : -1],
            ...(i % 3 === 1 ? { replied: ['hint'] } : {}),
            last: ['hint'],
          } as never,
        }
      })
      await app.services.db.insert(runs).values(rows)
      server = await serveConsole(app)
      browser = await launchBrowser()
    })
    afterAll(async () => {
      await browser?.close()
      await server?.close()
      await app?.close()
    })

    it('shows where followers drop out, and keeps the filters in the address', async () => {
      const { page, errors } = await openPage(browser)
      await page.goto(`${server.url}/signin?token=test-admin-token`)
      await page.goto(`${server.url}/campaigns/welcome`)
      await page.locator('.stages b', { hasText: '600' }).first().waitFor()
      expect(await page.locator('.missed').textContent()).toBe('80 人没收到，100% 因为「没有可用额度」')
      const bar = page.locator('tr', { hasText: 'day-1' }).locator('.stacked')
      expect(await bar.getAttribute('aria-label')).toContain('没能发出 80')
      await page.selectOption('select[name=version]', '1')
      await page.click('.range button')
      await page.waitForURL('**/campaigns/welcome?*version=1*')
      await page.click('.range a:has-text("今天")')
      await page.waitForURL('**/campaigns/welcome?range=1&version=1')
      await page.locator('.stages b', { hasText: '100' }).first().waitFor()
      expect(errors).toEqual([])
      await page.context().close()
    })

    it('exports a table for a spreadsheet, in the language of the reader', async () => {
      const { page } = await openPage(browser)
      await page.goto(`${server.url}/signin?token=test-admin-token`)
      const answer = await page.request.get(`${server.url}/campaigns/welcome/statistics.csv?table=steps`)
      expect(answer.headers()['content-type']).toContain('text/csv')
      expect(await answer.text()).toContain('步骤')
      expect(
        (await page.request.get(`${server.url}/campaigns/welcome/statistics.csv?table=x`)).status(),
      ).toBe(404)
      await page.context().close()
    })

    it('lists every step below its branch, also a step that nothing is counted of', async () => {
      await app.publish(`${CAMPAIGN}  - { id: last, after: 1h, send: { text: 再见 } }\n`)
      const { page } = await openPage(browser)
      await page.goto(`${server.url}/signin?token=test-admin-token`)
      await page.goto(`${server.url}/campaigns/welcome?range=all`)
      const steps = page.locator('section', { hasText: '每一步' }).locator('tbody td:first-child')
      expect((await steps.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim())).toEqual([
        '第 1 步 还在吗？ hint',
        '按比例分开（A/B） short',
        '第 3 步 A a',
        '按比例分开（A/B） 其余粉丝',
        '第 4 步 B b',
        '第 5 步 第二天 day-1',
        '第 6 步 再见 last',
      ])
      // Each branch has its own runs only.
      const bar = page
        .locator('tr', { has: page.locator('.at-1 code', { hasText: /^a$/ }) })
        .locator('.stacked')
      expect(await bar.getAttribute('aria-label')).toBe('构成: 已发送 300')
      await page.goto(`${server.url}/campaigns/welcome?range=all&version=1`)
      expect((await steps.allInnerTexts()).join()).not.toContain('last')
      await page.context().close()
    })

    it('offers the runs as JSON lines beside the table, to operators only', async () => {
      const { page } = await openPage(browser)
      await page.goto(`${server.url}/signin?token=test-admin-token`)
      await page.goto(`${server.url}/campaigns/welcome?range=all`)
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.click('a[href*="runs.jsonl"]'),
      ])
      expect(download.suggestedFilename()).toBe('welcome-runs.jsonl')
      const lines = readFileSync(await download.path(), 'utf8')
        .trimEnd()
        .split('\n')
      expect(lines).toHaveLength(600)
      expect(lines[0]).not.toContain('oResults')
      await page.context().close()
      const { page: viewer } = await openPage(browser)
      await signInBrowser(viewer.context(), server.url, 'viewer')
      await viewer.goto(`${server.url}/campaigns/welcome?range=all`)
      expect(await viewer.locator('a[href*="statistics.csv"]').count()).toBeGreaterThan(0)
      expect(await viewer.locator('a[href*="runs.jsonl"]').count()).toBe(0)
      expect((await viewer.request.get(`${server.url}/campaigns/welcome/runs.jsonl`)).status()).toBe(403)
      await viewer.context().close()
    })

    it.each([
      [1280, 'zh-CN', 'light'],
      [375, 'en-US', 'dark'],
    ] as const)('is accessible and fits at %s px in %s', async (width, locale, colorScheme) => {
      const { page } = await openPage(browser, { viewport: { width, height: 900 }, locale, colorScheme })
      await page.goto(`${server.url}/signin?token=test-admin-token`)
      await page.goto(`${server.url}/campaigns/welcome?range=all`)
      await expectAccessible(page, 'results')
      await page.context().close()
    })
  },
)
