import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { listen } from '../../src/bootstrap/http/server.ts'
import type { Services } from '../../src/bootstrap/services.ts'
import { testAccount } from '../fixtures/test-account.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'
import { expectAccessible } from '../harness/expect-accessible.ts'
import { createOfflineServices } from '../harness/offline-services.ts'
import { publishCampaign } from '../harness/publish-campaign.ts'

const LIVE = `# Welcome: keep this line
id: welcome
name: 新粉欢迎
entry: { event: subscribe }
reply: { text: '欢迎！回复 1 领取资料。' }
steps:
  # the question
  - id: ask
    wait: 24h   # a day
    branches:
      - name: 领取
        on: { keywords: ['1'] }
        steps:
          - { id: gift, send: { text: 这是资料 } }
      - name: 其他
        on: { event: message }
    else: [end]
  - { id: next-day, after: 22h, send: { text: 昨天的资料看了吗？ } }
`
const PICTURE = 'campaigns/hall-a.png'
const EMPTY = 'id: new-one\nname: 新活动\nentry: { event: subscribe }\nsteps: []\n'

/** A refused call is an answer that the tests ask for. */
const isNoRefusal = (error: string) => !/Failed to load resource/.test(error)

interface Editor {
  page: Page
  errors: string[]
}

describe.skipIf(!chromiumPath())('the campaign editor', () => {
  let services: Services
  let browser: Browser
  let base: string
  let close: () => Promise<void>
  let closeStore: () => Promise<void>

  beforeAll(async () => {
    const offline = await createOfflineServices()
    services = offline.services
    closeStore = () => offline.store.close()
    await services.accounts.add(testAccount({ appId: 'wxeditor000000001', name: '小鹿读书' }))
    await publishCampaign(services, LIVE)
    const links = { simulatorUrl: null, temporalUiUrl: null, namespace: 'default' }
    const web = createHttpApp(services, { adminToken: 'test-admin-token', links: () => links })
    const server = await listen(web, 0, '127.0.0.1')
    base = server.url
    close = server.close
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await close?.()
    await closeStore?.()
  })
  beforeEach(async () => {
    for (const id of ['welcome', 'new-one']) await services.drafts.remove(id, undefined)
    await services.drafts.save('new-one', { source: EMPTY, savedBy: 'test' }, undefined)
  })

  async function open(
    id: string,
    { width = 1280, locale = 'zh-CN', colorScheme = 'light' as 'light' | 'dark' } = {},
  ): Promise<Editor> {
    const { page, errors } = await openPage(browser, {
      viewport: { width, height: 860 },
      locale,
      colorScheme,
    })
    await page.goto(`${base}/signin?token=test-admin-token`)
    await page.goto(`${base}/campaigns/${id}/edit`)
    await page.waitForSelector('.timeline')
    return { page, errors }
  }

  const draft = async (id: string) => (await services.drafts.find(id))?.source ?? ''
  const saved = (page: Page) => page.waitForSelector('[data-saving="saved"]')
  /** Waits until the draft is as expected. */
  const expectDraft = (id: string, read: (source: string) => unknown) =>
    expect.poll(() => draft(id).then(read))
  /** The draft, once everything is saved. */
  const draftAfterSaving = async (page: Page, id: string) => {
    await page.keyboard.press('Control+s')
    await saved(page)
    return draft(id)
  }
  const card = (page: Page, key: string) => page.locator(`[data-card="${key}"]`)
  const field = (page: Page, path: string) => page.locator(`#f-${path.replaceAll('.', '-')}`)

  async function add(page: Page, place: number, kind: string): Promise<void> {
    const menu = page.locator('details.add').nth(place)
    await menu.locator('summary').click()
    await menu.getByRole('button', { name: kind, exact: true }).click()
  }

  it('writes a campaign with branches by cards and forms only', async () => {
    const { page, errors } = await open('new-one')
    await add(page, 0, '文字')
    await field(page, 'steps.0.send.text').fill('你好，【公众号名称】的朋友')
    await field(page, 'steps.0.after').fill('20')
    await add(page, (await page.locator('details.add').count()) - 1, '等待回复')
    await card(page, 'steps.1.branches.0').click()
    await field(page, 'steps.1.branches.0.on.keywords').fill('资料，领取')
    const inBranch = page.locator('.rail-0 details.add')
    await inBranch.locator('summary').click()
    await inBranch.getByRole('button', { name: '图文', exact: true }).click()
    const news = 'steps.1.branches.0.steps.0.send.news'
    await field(page, `${news}.title`).fill('三分钟入门')
    await field(page, `${news}.description`).fill('看完就会')
    await field(page, `${news}.url`).fill('https://example.com/a')
    await field(page, `${news}.picurl`).fill('https://example.com/a.jpg')
    const other = page.locator('.rail-1 details.add')
    await other.locator('summary').click()
    await other.getByRole('button', { name: '到此结束', exact: true }).click()
    await page.waitForSelector('.issue-count:not(.bad, .to-fill)')
    await saved(page)
    await expectDraft('new-one', (source) => parse(source).steps).toEqual([
      { id: 'step', after: '20s', send: { text: '你好，{{ account.name }}的朋友' } },
      {
        id: 'ask',
        wait: '24h',
        branches: [
          {
            name: '回复 1',
            on: { keywords: ['资料', '领取'] },
            steps: [
              {
                id: 'news',
                after: '0s',
                send: {
                  news: {
                    title: '三分钟入门',
                    description: '看完就会',
                    url: 'https://example.com/a',
                    picurl: 'https://example.com/a.jpg',
                  },
                },
              },
            ],
          },
          { name: '其他', on: { event: 'message' }, steps: ['end'] },
        ],
      },
    ])
    // The phone shows the way to the chosen card.
    await card(page, 'steps.1.branches.0.steps.0').click()
    await page.waitForSelector('.said-bubble.from-us >> text=三分钟入门')
    expect(errors.filter(isNoRefusal)).toEqual([])
    await page.context().close()
  })

  it('begins from the live version, keeps its comments, and saves by itself', async () => {
    const { page, errors } = await open('welcome')
    await card(page, 'steps.1').click()
    await field(page, 'steps.1.after').fill('20')
    await expectDraft('welcome', (source) => source).toBe(LIVE.replace('after: 22h', 'after: 20h'))
    await saved(page)
    await page.reload()
    await card(page, 'steps.1').click()
    await expect.poll(() => field(page, 'steps.1.after').inputValue()).toBe('20')
    expect(errors.filter(isNoRefusal)).toEqual([])
    await page.context().close()
  })

  it('shows what is wrong beside the field and on the card, and counts it', async () => {
    const { page } = await open('welcome')
    await card(page, 'steps.1').click()
    await field(page, 'steps.1.after').fill('bald')
    const problem = page.locator('#p-f-steps-1-after')
    await problem.waitFor()
    expect(await problem.textContent()).toMatch(/时长/)
    expect(await field(page, 'steps.1.after').getAttribute('aria-invalid')).toBe('true')
    expect(await page.locator('.issue-count').textContent()).toContain('1 个错误')
    expect(await page.locator('article', { has: card(page, 'steps.1') }).textContent()).toMatch(/时长/)
    await card(page, 'entry').click()
    await page.locator('.issue-count').click()
    await expect.poll(() => card(page, 'steps.1').getAttribute('aria-current')).toBe('true')
    await field(page, 'steps.1.after').fill('2')
    await problem.waitFor({ state: 'detached' })
    await page.context().close()
  })

  it('asks for the fields of a new step beside each, and refuses them once they were left', async () => {
    const { page, errors } = await open('welcome')
    await add(page, (await page.locator('details.add').count()) - 1, '图文')
    const news = 'steps.2.send.news'
    await page.locator('.issue-count.to-fill', { hasText: '4 处待填写' }).waitFor()
    expect(await page.locator('.form .problem').count()).toBe(0)
    expect(await field(page, `${news}.url`).getAttribute('aria-invalid')).toBeNull()
    await page
      .locator('article', { has: card(page, 'steps.2') })
      .getByText('4 处待填写')
      .waitFor()
    await field(page, `${news}.title`).focus()
    await field(page, `${news}.description`).fill('看完就会')
    await page.locator('.form .problem', { hasText: '标题还没有填' }).waitFor()
    expect(await page.locator('.form .problem').count()).toBe(1)
    expect(await page.locator('.card-issues .red').allInnerTexts()).toEqual(['标题还没有填'])
    // A picture is shown by its name, and never by its id.
    await page.getByRole('button', { name: '图片', exact: true }).last().click()
    await page.locator('.form .to-fill').waitFor()
    expect(await page.locator('.form .problem').count()).toBe(0)
    await page.locator('.form input[type=file]').setInputFiles({
      name: '书单.png',
      mimeType: 'image/png',
      buffer: readFileSync(PICTURE),
    })
    for (const place of ['.form', '.said-bubble', '.timeline .step-card.chosen'])
      await page.locator(`${place} .medium-preview img[alt="书单.png"]`).waitFor()
    await expectDraft('welcome', (source) => /sha256-/.test(source)).toBe(true)
    await saved(page)
    await page.reload()
    await page.locator('.said', { hasText: '书单.png' }).waitFor()
    expect(await page.locator('.timeline').textContent()).not.toContain('sha256')
    expect(errors.filter(isNoRefusal)).toEqual([])
    await page.context().close()
  })

  it('shows which grant pays each message, and where none does', async () => {
    const { page } = await open('welcome')
    await page.locator('.paid', { hasText: '关注额度 1/3' }).waitFor()
    await page.locator('.paid', { hasText: '消息额度 1/5' }).waitFor()
    await page.getByRole('button', { name: '不回复' }).click()
    await page.locator('.pill', { hasText: '在这条路上走不到' }).first().waitFor()
    await page.getByRole('button', { name: '马上回复' }).click()
    const ways = page.locator('.way')
    await ways.nth(2).click()
    await page
      .locator('article', { has: card(page, 'steps.1') })
      .locator('.pill', { hasText: '走不到' })
      .waitFor()
    await page.context().close()
  })

  it('says why a step will be skipped, and shows the whole phone on a small screen', async () => {
    const hint = '{ id: step-1, after: 50s, since: entry, when: not-replied, send: { text: 还在吗？ } }'
    const more = Array.from({ length: 12 }, (_, i) => `{ id: m${i}, after: 1h, send: { text: 消息 ${i} } }`)
    const source = EMPTY.replace('steps: []', `steps: [${[hint, ...more].join(', ')}]`)
    await services.drafts.remove('new-one', undefined)
    await services.drafts.save('new-one', { source, savedBy: 'test' }, undefined)
    const { page } = await open('new-one')
    await page.setViewportSize({ width: 1280, height: 720 })
    await card(page, 'steps.0').click()
    const why = '会跳过：粉丝已回复'
    await page
      .locator('article', { has: card(page, 'steps.0') })
      .getByText(why)
      .waitFor()
    expect(await page.locator('.payment-note').textContent()).toContain(why)
    expect(await page.locator('.phone-side').textContent()).toContain(`「还在吗？」${why}`)
    await card(page, 'steps.4').click()
    const bottomOf = (selector: string) =>
      page.locator(selector).evaluate((element) => element.getBoundingClientRect().bottom)
    await expect.poll(() => bottomOf('.said-bubble.chosen')).toBeLessThan(720)
    expect(await bottomOf('.phone-side')).toBeLessThanOrEqual(720)
    await page.context().close()
  })

  it('shows the way to the chosen card, and writes a new message at once', async () => {
    const { page } = await open('welcome')
    const other = page.locator('.rail').nth(2)
    await other.getByText('添加一步').click()
    await other.getByRole('button', { name: '文字', exact: true }).click()
    await page.locator('.form textarea:focus').waitFor()
    await page.keyboard.type('还在吗？')
    await page.locator('.said-bubble', { hasText: '还在吗？' }).waitFor()
    await expect.poll(() => other.locator('.way').getAttribute('aria-pressed')).toBe('true')
    await page.context().close()
  })

  it('goes to the card of a warning, for the follower who gets it, and says what happens', async () => {
    const later = '{ id: remind, after: 1h, send: { text: 还在吗？ } }'
    const source = LIVE.replace('else: [end]', `else: [${later}]`)
    await services.drafts.save('welcome', { source, savedBy: 'test' }, undefined)
    const { page } = await open('welcome')
    await page.setViewportSize({ width: 1280, height: 500 })
    await card(page, 'entry').click()
    await page.locator('.issue-count.mild').click()
    const article = page.locator('article', { has: card(page, 'steps.0.else.0') })
    const reason = article.locator('.card-issues')
    await expect.poll(() => reason.evaluate((e) => e.getBoundingClientRect().bottom)).toBeLessThanOrEqual(500)
    const silent = page.getByRole('button', { name: '不回复' })
    await expect.poll(() => silent.getAttribute('aria-pressed')).toBe('true')
    const what = '会暂缓：粉丝再次互动后才能发；48 小时内没有互动就跳过'
    await article.getByText(what).waitFor()
    expect(await page.locator('.payment-note').textContent()).toContain(what)
    expect(await page.locator('.phone-side').textContent()).toContain(what)
    // Asking once more would send the reminder to those who answer only.
    expect(await article.locator('.fixes button').count()).toBe(0)
    await page.context().close()
  })

  it('undoes and redoes each change, also the removal of a card', async () => {
    const { page } = await open('welcome')
    await card(page, 'steps.0').click()
    await page.getByRole('button', { name: '删除' }).click()
    await card(page, 'steps.1').waitFor({ state: 'detached' })
    await page.keyboard.press('Control+z')
    await card(page, 'steps.1').waitFor()
    await card(page, 'steps.1').click()
    await field(page, 'steps.1.send.text').fill('换一句')
    await page.keyboard.press('Control+z')
    // The page is drawn some time after the key.
    await expect.poll(() => field(page, 'steps.1.send.text').inputValue()).toBe('昨天的资料看了吗？')
    await page.keyboard.press('Control+Shift+z')
    await expect.poll(() => field(page, 'steps.1.send.text').inputValue()).toBe('换一句')
    await expectDraft('welcome', (source) => source).toBe(LIVE.replace('昨天的资料看了吗？', '换一句'))
    await page.context().close()
  })

  it('shows both texts when somebody else has saved, and keeps the one that is chosen', async () => {
    for (const choice of ['用对方的内容', '用我的内容']) {
      await services.drafts.remove('welcome', undefined)
      const { page } = await open('welcome')
      const theirs = LIVE.replace('新粉欢迎', '对方改的名字')
      await services.drafts.save('welcome', { source: theirs, savedBy: 'user lin' }, undefined)
      await card(page, 'campaign').click()
      await field(page, 'name').fill('我改的名字')
      const dialog = page.locator('dialog.conflict')
      await dialog.waitFor()
      expect(await dialog.textContent()).toContain('user lin')
      await dialog.getByRole('button', { name: choice }).click()
      await dialog.waitFor({ state: 'hidden' })
      const name = choice === '用我的内容' ? '我改的名字' : '对方改的名字'
      await expectDraft('welcome', (source) => parse(source).name).toBe(name)
      await expect.poll(() => field(page, 'name').inputValue()).toBe(name)
      await page.context().close()
    }
  })

  it('keeps what cannot be saved on the device, and saves it later', async () => {
    const { page } = await open('welcome')
    await page.route('**/draft', (route) =>
      route.request().method() === 'PUT' ? route.abort() : route.continue(),
    )
    await card(page, 'campaign').click()
    await field(page, 'name').fill('没有网络')
    await page.waitForSelector('[data-saving="failed"]')
    page.on('dialog', (dialog) => void dialog.accept())
    await page.reload()
    await page.unroute('**/draft')
    await page.getByRole('button', { name: '恢复这些改动' }).click()
    await expectDraft('welcome', (source) => source && parse(source).name).toBe('没有网络')
    await page.context().close()
  })

  it('is used by keyboard only', async () => {
    const { page } = await open('new-one')
    const key = async (...keys: string[]) => {
      for (const one of keys) await page.keyboard.press(one)
    }
    const summary = page.locator('details.add summary').first()
    await summary.focus()
    await key('Enter', 'Tab', 'Enter')
    await card(page, 'steps.0').waitFor()
    await page.locator('details.add summary').last().focus()
    await key('Enter', 'Tab', 'Enter')
    await card(page, 'steps.1').waitFor()
    await card(page, 'steps.1').focus()
    await key('Enter')
    await expect.poll(() => page.evaluate('document.activeElement.closest(".form") !== null')).toBe(true)
    await field(page, 'steps.1.send.text').focus()
    await page.keyboard.type('第二条')
    await key('Escape')
    await expect.poll(() => page.evaluate('document.activeElement.dataset.card')).toBe('steps.1')
    await key('Alt+ArrowUp')
    await expect.poll(() => page.evaluate('document.activeElement.dataset.card')).toBe('steps.0')
    await key('j')
    await expect.poll(() => page.evaluate('document.activeElement.dataset.card')).toBe('steps.1')
    await key('Delete', 'Control+s')
    await expectDraft('new-one', (source) =>
      parse(source).steps.map((s: { send: unknown }) => s.send),
    ).toEqual([{ text: '第二条' }])
    await page.context().close()
  })

  it('writes conditions, comparisons, days and variants without YAML', async () => {
    const { page, errors } = await open('welcome')
    await card(page, 'steps.1').click()
    await field(page, 'steps.1.when').selectOption({ label: '同时符合几个条件' })
    await field(page, 'steps.1.when.tag').fill('金卡，银卡')
    await field(page, 'steps.1.when.not.tag').fill('已购')
    await page.locator('.condition-rows > select').last().selectOption({ label: '事实符合' })
    await page.locator('.fact.test select').selectOption({ label: '不小于' })
    await field(page, 'steps.1.when.facts.paid').fill('100')
    await page.getByRole('button', { name: '再比较一个事实' }).waitFor()
    await field(page, 'steps.1.mode').selectOption({ label: '在几点几分' })
    await field(page, 'steps.1.days').selectOption({ label: '自己选' })
    await page.getByLabel('周五').uncheck()
    await expectDraft('welcome', (source) => source && parse(source).steps[1]).toEqual({
      id: 'next-day',
      at: '09:00',
      days: ['mon', 'wed'],
      when: { tag: ['金卡', '银卡'], not: { tag: ['已购'] }, facts: { paid: { atLeast: 100 } } },
      send: { text: '昨天的资料看了吗？' },
    })
    await page.getByRole('button', { name: '添加对照版本（A/B）' }).click()
    await expectDraft('welcome', (source) => parse(source).steps[1].branches?.length).toBe(2)
    await card(page, 'steps.1.branches.1.steps.0').waitFor()
    expect(errors.filter(isNoRefusal)).toEqual([])
    await page.context().close()
  })

  it('fixes a message by its button, with the keyboard, and undoes it', async () => {
    const { page } = await open('welcome')
    await card(page, 'steps.1').click()
    await field(page, 'steps.1.after').fill('60')
    const fix = page.locator('.card-issues .fixes button').first()
    await fix.waitFor()
    const wrong = await draftAfterSaving(page, 'welcome')
    await fix.focus()
    await page.keyboard.press('Enter')
    await page.locator('.issue-count.bad').waitFor({ state: 'detached' })
    await expectDraft('welcome', (source) => source !== wrong).toBe(true)
    await page.keyboard.press('Control+z')
    await expectDraft('welcome', (source) => source).toBe(wrong)
    await page.context().close()
  })

  it('moves a card by its grip, asks for its time, and never below an end', async () => {
    const { page } = await open('welcome')
    await card(page, 'steps.1').click()
    await field(page, 'steps.1.since').selectOption({ label: '进入活动之后' })
    const drag = async (from: string, to: string) => {
      const [grip, place] = [page.locator(`[data-grip="${from}"]`), page.locator(`[data-place="${to}"]`)]
      await grip.scrollIntoViewIfNeeded()
      const [a, b] = [await grip.boundingBox(), await place.boundingBox()]
      if (!a || !b) throw new Error('a place is not shown')
      await page.mouse.move(a.x + 10, a.y + 10)
      await page.mouse.down()
      await page.mouse.move(a.x + 10, (a.y + b.y) / 2, { steps: 3 })
      await page.mouse.move(a.x + 10, b.y, { steps: 3 })
      await page.mouse.up()
    }
    const orderOf = (source: string) =>
      source &&
      parse(source)
        .steps.map((s: { id: string }) => s.id)
        .join(' ')
    await drag('steps.1', 'steps.0')
    await expectDraft('welcome', orderOf).toBe('next-day ask')
    await expect.poll(() => page.evaluate('document.activeElement.dataset.card')).toBe('steps.0')
    await page.getByRole('button', { name: '改为上一步之后 10 分钟' }).click()
    await expectDraft('welcome', (source) => parse(source).steps[0]).toMatchObject({ after: '10m' })
    await page.keyboard.press('Control+z')
    await page.keyboard.press('Control+z')
    await expectDraft('welcome', orderOf).toBe('ask next-day')
    // Below the end of those who do not answer, nothing would ever go.
    await drag('steps.1', 'steps.0.else.1')
    await expectDraft('welcome', (source) => parse(source).steps[0].else.at(-1)).toBe('end')
    await page.context().close()
  })

  it('shows the real shares of replies, and says so when there are none', async () => {
    const { page } = await open('welcome')
    await page.locator('.scenarios', { hasText: '近 7 天没有粉丝进入' }).waitFor()
    await page.route('**/edit/figures', (route) =>
      route.fulfill({
        json: {
          replies: { runs: 200, soon: 62, later: 34, never: 104 },
          young: 0,
          version: 1,
          steps: { 'next-day': { sent: 88, couldNot: 4, byDesign: 0, repliedAfter: 19, unfollowedAfter: 1 } },
        },
      }),
    )
    await page.reload()
    await page.getByRole('button', { name: '马上回复 31%' }).waitFor()
    await page.getByRole('button', { name: '不回复 52%' }).waitFor()
    await card(page, 'steps.1').click()
    expect(await page.locator('.live-figures').textContent()).toMatch(/已发送\s*88[\s\S]*没能发出\s*4/)
    await page.context().close()
  })

  it('says that somebody else has saved, and loads it', async () => {
    const { page } = await open('welcome')
    const theirs = LIVE.replace('新粉欢迎', '对方改的名字')
    await services.drafts.save('welcome', { source: theirs, savedBy: 'user lin' }, undefined)
    await page.evaluate('window.dispatchEvent(new Event("focus"))')
    await page.locator('.note', { hasText: 'user lin' }).waitFor()
    await page.getByRole('button', { name: '载入对方的内容' }).click()
    await card(page, 'campaign').click()
    await expect.poll(() => field(page, 'name').inputValue()).toBe('对方改的名字')
    await page.context().close()
  })

  it('can be read, not changed, by a viewer', async () => {
    const { page } = await openPage(browser)
    await page.goto(`${base}/signin?token=test-admin-token`)
    await page.route(`${base}/campaigns/welcome/edit`, async (route) => {
      const response = await route.fetch()
      const body = (await response.text()).replace(
        '&quot;mayChange&quot;:true',
        '&quot;mayChange&quot;:false',
      )
      await route.fulfill({ response, body })
    })
    await page.goto(`${base}/campaigns/welcome/edit`)
    await card(page, 'steps.1').click()
    expect(await field(page, 'steps.1.after').isDisabled()).toBe(true)
    expect(await page.locator('details.add').count()).toBe(0)
    expect(await page.locator('[data-publish]').count()).toBe(0)
    await page.context().close()
  })

  it.each([
    [1280, 'zh-CN', 'light'],
    [375, 'zh-CN', 'dark'],
    [1280, 'en-US', 'dark'],
    [375, 'en-US', 'light'],
  ] as const)('is accessible and fits at %s px in %s, %s', async (width, locale, colorScheme) => {
    const { page, errors } = await open('welcome', { width, locale, colorScheme })
    await page.waitForSelector('.paid')
    await expectAccessible(page, 'timeline')
    for (const key of ['entry', 'steps.0', 'steps.0.branches.0', 'steps.1', 'answers', 'campaign']) {
      await card(page, key).click()
      await expectAccessible(page, key)
      if (width < 861) await page.locator('.form-head .only-phone').click()
    }
    expect(await page.locator('[style]').count()).toBe(0)
    expect(errors.filter(isNoRefusal)).toEqual([])
    await page.context().close()
  })
})
