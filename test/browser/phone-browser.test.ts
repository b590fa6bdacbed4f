import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { LIVE_SCREEN_NAMES } from '../../scripts/screen-names.mjs'
import { saveMedium } from '../../src/store/campaigns/media-store.ts'
import type { RunRow } from '../../src/store/runs/run-rows.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { chromiumPath, launchBrowser, openPage } from '../harness/chromium.ts'
import { ALL_PICTURES_MS, Camera, isAsked, takeAll } from '../harness/pictures/camera.ts'
import type { Screen } from '../harness/pictures/screens.ts'

const APP = 'wxbrowser00000001'
const KINDS_APP = 'wxbrowser00000002'
/** The first bytes of a JPEG, an AMR and an MP4 file, by which the formats are recognised. */
const MEDIA = {
  image: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1]),
  voice: Buffer.from('#!AMR\n'),
  video: Buffer.from('\0\0\0\x18ftypmp42'),
  thumb: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 2]),
}
const kinds = (id: Record<keyof typeof MEDIA, string>) => `
id: kinds
name: 各种消息
accounts: [${KINDS_APP}]
entry: { event: click, keys: [kinds] }
spacing: 0s
steps:
  - { id: menu, after: 0s, send: { menu: { head: 喜欢吗？, items: [{ id: "yes", text: 喜欢 }, { id: "no", text: 不喜欢 }], tail: 谢谢 } } }
  - { id: link, after: 0s, send: { text: '看 <a href="https://example.com/a">这里</a>' } }
  - { id: image, after: 0s, send: { image: { file: ${id.image} } } }
  - { id: voice, after: 0s, send: { voice: { file: ${id.voice} } } }
  - { id: video, after: 0s, send: { video: { file: ${id.video}, thumb: ${id.thumb}, title: 一段视频 } } }
  - { id: music, after: 0s, send: { music: { title: 一首歌, description: 好听, url: "https://example.com/m", thumb: ${id.thumb} } } }
  - { id: news, after: 0s, send: { news: { title: 一篇文章, description: 好看, url: "https://example.com/n", picurl: "https://example.com/n.png" } } }
  - { id: mini, after: 0s, send: { miniprogram: { title: 小商店, appId: wx9, path: pages/a, thumb: ${id.thumb} } } }
  - { id: article, after: 0s, send: { article: { id: article-1 } } }
  - { id: card, after: 0s, send: { card: { id: card-1 } } }
`

/** What only a running product shows, for the pictures of the docs. */
const LIVE_SCREENS: Readonly<Record<(typeof LIVE_SCREEN_NAMES)[number], Omit<Screen, 'name'>>> = {
  phone: {
    path: (openId) => `/phone/${APP}/${openId}?with=${APP}/oAnan`,
    prepare: (page) => page.locator('#chat', { hasText: '昨天领取的资料' }).waitFor(),
    height: 1_000,
    isDark: true,
  },
  crowd: {
    path: () => `/crowd/${APP}`,
    async prepare(page) {
      await page.locator('#start-crowd, #stop-crowd').first().waitFor()
      // Each picture shows the crowd of the first one.
      if ((await page.locator('#crowd-state').count()) === 0) {
        await page.fill('#crowd-followers', '300')
        await page.fill('#crowd-seconds', '30')
        await page.click('#start-crowd')
      }
      await page.locator('#crowd-state:not([data-state=arriving])').waitFor()
    },
    height: 1_200,
  },
}

describe.skipIf(!inject('temporalAddress') || !chromiumPath())('the phone in a browser', () => {
  let app: AppHarness
  let browser: Browser
  let phone: string
  beforeAll(async () => {
    app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
    await app.addAccount({ appId: APP, name: '小鹿读书' })
    const example = readFileSync(new URL('../../campaigns/welcome.yaml', import.meta.url), 'utf8')
    await app.publish(example.replace('wxsimulated000001', APP))
    await app.addAccount({ appId: KINDS_APP, rules: 'classic-48h' })
    const upload = async (type: keyof typeof MEDIA) => {
      const medium = { type, contentType: 'test', filename: `a.${type}`, content: MEDIA[type], createdAt: 0 }
      return (await saveMedium(app.services.db, medium)).id
    }
    const [image, voice, video, thumb] = [
      await upload('image'),
      await upload('voice'),
      await upload('video'),
      await upload('thumb'),
    ]
    await app.publish(kinds({ image, voice, video, thumb }))
    phone = `${app.simulatorUrl}/phone`
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await app?.close()
  })

  const sees = (page: Page, text: string) => page.locator('#chat', { hasText: text }).waitFor()
  /** Presses a fast-forward button, and waits until the fast-forward is over. */
  const forward = async (page: Page, button: string) => {
    await Promise.all([page.waitForResponse('**/fast-forward'), page.click(button)])
    await page.locator(`${button}:not([disabled])`).waitFor()
  }
  const stateOf = ({ state }: RunRow, step: string) => state.steps.find(({ id }) => id === step)?.state ?? ''
  const isPending = async (openId: string, step: string) =>
    stateOf(await app.waitForRun(APP, openId, () => true), step) === 'pending'
  /** Waits until a step is sent or skipped in the store. */
  const waitUntilDone = (openId: string, step: string) =>
    app.waitForRun(APP, openId, (run) => /sent|skipped/.test(stateOf(run, step)))
  /** The offset of the follower's clock on the page, hours. */
  const hoursAhead = async (page: Page) =>
    Number(await page.locator('#offset').getAttribute('data-ahead-ms')) / 3_600_000

  it('follows, gets the welcome, replies, gets the gift at once, and the other steps by fast-forward', async () => {
    const { page, errors } = await openPage(browser)
    await page.goto(`${phone}/${APP}/oBrowser`)
    await page.click('#follow')
    await sees(page, '欢迎关注 小鹿读书')
    await page.locator('#grants [data-scene=subscribe]').waitFor()
    await page.fill('#text', '1')
    await page.click('#send')
    await sees(page, '新手资料')
    await page.locator('#grants [data-scene=message]').waitFor()
    await waitUntilDone('oBrowser', 'gift')
    // The first fast-forward reaches the hint, which is skipped after a reply. On a slow machine it may be past already.
    for (const step of ['hint', 'tip']) {
      if (await isPending('oBrowser', step)) await forward(page, '#to-next')
      await waitUntilDone('oBrowser', step)
    }
    await sees(page, '资料看到哪里了')
    // The page may not show yet how far the last one has gone.
    const before = app.simulator.wechat.peek({ appId: APP, openId: 'oBrowser' }).offsetMs / 3_600_000
    await forward(page, '[data-forward="3600000"]')
    await expect.poll(() => hoursAhead(page)).toBeCloseTo(before + 1, 1)
    await forward(page, '#to-next')
    await sees(page, '昨天领取的资料')
    expect(await page.locator('#problem').textContent()).toBe('')
    expect(errors).toEqual([])
    await page.context().close()
  })

  it('says that no message can go once the minute of the follow is over', async () => {
    const { page } = await openPage(browser)
    await page.goto(`${phone}/${APP}/oSilent`)
    await page.click('#follow')
    await sees(page, '欢迎关注')
    await forward(page, '[data-forward="3600000"]')
    await page.locator('#sends', { hasText: '微信已接受' }).waitFor()
    expect(await page.locator('#sends').textContent()).not.toContain('errcode')
    await page.locator('#why-later', { hasText: '现在没有额度，粉丝再互动后才能发消息。' }).waitFor()
    await page.context().close()
  })

  it('shows a send that failed because of a fault that was switched on from the page', async () => {
    const { page } = await openPage(browser)
    await page.goto(`${phone}/${APP}/oFault`)
    await page.click('#follow')
    await sees(page, '欢迎关注')
    await page.click('[data-fault=busy]')
    await page.locator('[data-fault=busy]', { hasText: '还有 3 次' }).waitFor()
    await page.fill('#text', '1')
    await page.click('#send')
    await page.locator('#sends', { hasText: 'errcode -1' }).waitFor()
    await sees(page, '新手资料')
    await page.click('#clear-faults')
    await page.context().close()
  })

  it('unfollows, which ends the run without a further message, and follows again with the same button', async () => {
    const { page } = await openPage(browser)
    await page.goto(`${phone}/${APP}/oLeaver`)
    await page.click('#follow')
    await sees(page, '欢迎关注')
    await app.waitForRun(APP, 'oLeaver', () => true)
    await page.click('#follow')
    await sees(page, '已取消关注')
    const run = await app.waitForRun(APP, 'oLeaver', (r) => r.outcome === 'unsubscribed')
    expect(run.state.steps.filter((s) => s.state === 'pending')).toEqual([])
    await expect.poll(() => page.locator('#chat li').last().textContent()).toContain('已取消关注')
    await expect.poll(() => page.locator('#follow').textContent()).toBe('关注')
    await page.click('#follow')
    await expect.poll(() => page.locator('#follow').textContent()).toBe('取消关注')
    await page.context().close()
  })

  it('taps both levels of the account’s menu', async () => {
    const { page, errors } = await openPage(browser)
    await page.goto(`${phone}/${APP}/oMenu`)
    await page.click('#follow')
    await sees(page, '欢迎关注')
    app.simulator.wechat.account(APP).apiMenu = [
      { type: 'click', name: '资料', key: 'guide' },
      {
        name: '更多',
        sub_button: [
          { type: 'view', name: '官网', url: 'https://example.com/' },
          { type: 'pic_weixin', name: '发图', key: 'pic' },
          { type: 'view_limited', name: '图文' },
        ],
      },
    ]
    app.simulator.wechat.accountChanged(APP)
    const tap = (name: string) => page.locator('#menu').getByRole('button', { name }).click()
    await tap('资料')
    await sees(page, '点击菜单「资料」')
    await page.locator('#grants [data-scene=menu]').waitFor()
    await tap('更多')
    expect(await page.locator('#menu').getByRole('button', { name: '图文' }).isDisabled()).toBe(true)
    await tap('发图')
    await sees(page, '微信相册发图')
    await tap('更多')
    await tap('官网')
    await sees(page, '打开链接 https://example.com/')
    await page.locator('.submenu').waitFor({ state: 'detached' })
    expect(errors).toEqual([])
    await page.context().close()
  })

  it('renders every kind of message; a tap on a menu message counts as a menu click', async () => {
    const { page, errors } = await openPage(browser)
    const wechat = app.simulator.account(KINDS_APP)
    await wechat.follow('oKinds')
    await wechat.tapMenu('oKinds', 'kinds')
    await page.goto(`${phone}/${KINDS_APP}/oKinds`)
    const texts = ['喜欢吗？', '语音', '一段视频', '一首歌', '一篇文章', '小商店', 'article-1', 'card-1']
    for (const text of texts) await sees(page, text)
    await page.locator('#chat .bubble.image').waitFor()
    const run = await app.waitForRun(KINDS_APP, 'oKinds', (r) => r.status === 'ended')
    expect(run.state.steps).toHaveLength(10)
    expect(run.state.steps.map((x) => x.state)).toEqual(run.state.steps.map(() => 'sent'))
    expect(await page.locator('#chat a[href="https://example.com/a"]').textContent()).toBe('这里')
    await page.locator('#chat').getByText('不喜欢', { exact: true }).click()
    await page.locator('#grants [data-scene=menu]').waitFor()
    expect(errors).toEqual([])
    await page.context().close()
  })

  // After the tests: a crowd takes the time of the others.
  const drawn = LIVE_SCREEN_NAMES.filter(isAsked)
  if (drawn.length > 0)
    it(
      `is drawn for the docs: ${drawn.join(', ')}`,
      async () => {
        await app.simulator.account(APP).follow('oAnan')
        await app.simulator.account(APP).type('oAnan', '手册')
        const screens = drawn.map((name) => ({ name, ...LIVE_SCREENS[name] }))
        await takeAll(screens, 'oBrowser', (frame) => Camera.openLive(browser, app.simulatorUrl, frame))
      },
      ALL_PICTURES_MS,
    )
})
