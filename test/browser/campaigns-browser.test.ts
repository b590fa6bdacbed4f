import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { browserScripts } from '../../src/console/browser-scripts.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'
import { serveConsole } from '../harness/console-in-browser.ts'

const APP = 'wxcampaignsweb001'
/** Of the editor page with its YAML tab, compressed. */
const MAX_SCRIPT_BYTES = 260 * 1024

describe.skipIf(!inject('temporalAddress') || !chromiumPath())('campaigns in a browser', () => {
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

  const signedIn = async () => {
    const { page, errors } = await openPage(browser)
    await page.goto(`${base}/signin?token=test-admin-token`)
    return { page, errors }
  }
  const editor = (page: Page) => page.locator('.cm-content')
  const saved = (page: Page) => page.locator('[data-yaml-editor][data-state="saved"]').waitFor()
  const draftOf = (id: string) => app.services.drafts.find(id)

  it('is made from an example, edited, published, changed, compared, rolled back and retired', async () => {
    const { page, errors } = await signedIn()
    await page.goto(`${base}/campaigns`)
    await page.locator('.empty a.button').click()
    await page.getByText('三节小课', { exact: true }).click()
    await page.fill('#f-name', '我的小课')
    await page.fill('#f-id', 'lessons')
    await page.click('form.card button.main')
    await page.waitForURL('**/campaigns/lessons/**')

    await page.goto(`${base}/campaigns/lessons/yaml`)
    await editor(page).click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('goal:\n  ')
    await page.keyboard.press('Control+Space')
    await page.locator('.cm-tooltip-autocomplete li', { hasText: 'within' }).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('[data-findings] li.error').first().waitFor()
    await page.locator('.cm-lint-marker-error').first().waitFor()
    expect(await page.locator('[data-findings]').textContent()).toMatch(/\p{Script=Han}/u)
    await page.keyboard.type('on: { keywords: [报名')
    await saved(page)
    await page.locator('[data-findings] li.error').first().waitFor({ state: 'detached' })
    expect((await draftOf('lessons'))?.source).toMatch(/goal:\n {2}on: \{ keywords: \[报名\] ?\}/)

    await page.goto(`${base}/campaigns/lessons/publish`)
    await page.locator('form[action$="/publish"] button.main').click()
    await page.getByText('第 1 版已发布').waitFor()
    await page.goto(`${base}/campaigns/lessons/yaml`)
    await page.getByText('第二课：每天三分钟。').click()
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await page.keyboard.type('# 改过')
    await page.keyboard.press('Control+s')
    await saved(page)
    const changed = (await draftOf('lessons'))?.source.replace('每天三分钟', '每天五分钟') ?? ''
    await app.services.drafts.save('lessons', { source: changed, savedBy: 'colleague' }, undefined)

    await page.goto(`${base}/campaigns/lessons/versions`)
    await page.locator('.inline-diff ins', { hasText: '五' }).waitFor()
    await page.goto(`${base}/campaigns/lessons/publish`)
    await page.locator('form[action$="/publish"] button.main').click()
    await page.getByText('第 2 版已发布').waitFor()

    await page.goto(`${base}/campaigns/lessons/versions?compare=2..1`)
    await page.locator('button[data-opens="rollback"]').click()
    await page.locator('#rollback button[type=submit]').click()
    await page.getByText('恢复自第 1 版').waitFor()
    expect((await app.services.campaigns.row('lessons'))?.version).toBe(3)

    await page.goto(`${base}/campaigns`)
    await page.locator('button[data-opens="manage-lessons"]').click()
    await page.locator('form[action="/campaigns/lessons/retire"] button').click()
    await page.getByText('已下线「我的小课」').waitFor()
    expect((await app.services.campaigns.row('lessons'))?.state).toBe('retired')
    expect(errors).toEqual([])
    await page.context().close()
  })

  it('tells of a draft that somebody else has saved, and keeps what was typed', async () => {
    const id = 'shared'
    const source = `id: ${id}\nname: 共同\nentry: { event: subscribe }\nsteps:\n  - { id: a, after: 1s, since: entry, send: { text: 甲 } }\n`
    await app.services.drafts.save(id, { source, savedBy: 'one' }, undefined)
    const { page } = await signedIn()
    await page.goto(`${base}/campaigns/${id}/yaml`)
    await editor(page).click()
    await app.services.drafts.save(id, { source: `${source}# theirs\n`, savedBy: 'colleague' }, undefined)
    await page.keyboard.press('Control+End')
    // At once: the page saves some time after a key, and shows the text that it could not save.
    await page.keyboard.insertText('# second')
    await page.getByText('colleague 刚刚保存了这份草稿').first().waitFor()
    expect((await draftOf(id))?.source).toContain('# theirs')
    const marked = page.locator('[data-question] mark')
    await expect.poll(() => marked.allTextContents()).toEqual(['# second', '# theirs'])
    await page.locator('[data-question] button').nth(1).click()
    await saved(page)
    expect((await draftOf(id))?.source).toContain('# second')

    // The server is gone: the text stays in the browser, and is offered again.
    await page.route('**/console/api/**', (route) => route.abort())
    await page.keyboard.type(' more')
    await page.locator('[data-yaml-editor][data-state="offline"]').waitFor()
    await page.unrouteAll()
    await page.locator('[data-yaml-editor][data-state="saved"]').waitFor()
    expect((await draftOf(id))?.source).toContain('# second more')
    await page.context().close()
  })

  it('loads the editor of files under the limit', async () => {
    const code = (await browserScripts()).get('yaml-editor.js') ?? ''
    const bytes = gzipSync(code, { level: 9 }).length
    expect(bytes).toBeGreaterThan(50_000)
    expect(bytes).toBeLessThan(MAX_SCRIPT_BYTES)
  })
})
