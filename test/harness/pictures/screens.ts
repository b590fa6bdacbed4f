import type { Page } from 'playwright-core'
import { DEER } from './picture-ids.ts'

/** A screen of the console of which docs/ has pictures. */
export interface Screen {
  /** The name of its files. */
  name: string
  /** @param openId of the follower whose page is shown */
  path: (openId: string) => string
  /** Leads to what the picture shows, once the page is there. */
  prepare?(page: Page): Promise<void>
  /** The height of the window in its wide picture, for what has the window's height; the picture ends there. */
  height?: number
  /** It is one of the main screens, whose pictures a test compares. */
  isMain?: true
  /** It has a picture in the dark. */
  isDark?: true
}

/** The screens, in the order of the navigation. */
export const SCREENS: readonly Screen[] = [
  { name: 'overview', path: () => '/', isMain: true, isDark: true },
  { name: 'start', path: () => '/start' },
  { name: 'campaigns', path: () => '/campaigns', isMain: true },
  { name: 'new-campaign', path: () => '/campaigns/new', isMain: true },
  {
    name: 'editor',
    path: () => '/campaigns/welcome/edit',
    isMain: true,
    isDark: true,
    prepare: openStep,
    height: 1_120,
  },
  { name: 'yaml', path: () => '/campaigns/welcome/yaml', prepare: untilYamlIsOpen },
  { name: 'versions', path: () => '/campaigns/welcome/versions?from=2&to=3' },
  { name: 'publish', path: () => '/campaigns/welcome/publish', isMain: true },
  { name: 'test-send', path: () => '/campaigns/welcome/test' },
  { name: 'results', path: () => '/campaigns/welcome', isMain: true },
  { name: 'followers', path: () => '/followers', isMain: true },
  { name: 'follower', path: (openId) => `/followers/${DEER}/${openId}`, isMain: true, isDark: true },
  { name: 'accounts', path: () => '/accounts', isMain: true },
  { name: 'new-account', path: () => '/accounts/new', isMain: true },
  { name: 'account', path: () => `/accounts/${DEER}` },
  { name: 'qrcodes', path: () => '/qrcodes' },
  { name: 'media', path: () => '/media' },
  { name: 'people', path: () => '/users' },
  { name: 'audit', path: () => '/audit' },
  { name: 'system', path: () => '/system', prepare: sayOneServer },
]

/** Chooses the card of a message, so that its form and the phone are shown. */
async function openStep(page: Page): Promise<void> {
  await page.locator('.card-button[data-card^=steps]', { hasText: '七天共读手册' }).first().click()
  await page.locator('.step-card.chosen').waitFor()
  // The check of the draft and the shares of replies arrive some time after the page.
  await page.locator('.said-bubble.chosen').waitFor()
  await page.locator('.scenarios small').first().waitFor()
}

async function untilYamlIsOpen(page: Page): Promise<void> {
  await page.locator('[data-findings] li').first().waitFor()
}

/** What the machine of the pictures is, and when it was started: said as of a server that runs for some days. */
async function sayOneServer(page: Page): Promise<void> {
  await page.locator('#system').waitFor()
  await page.evaluate(`(() => {
    const said = [
      [/\\btest-[0-9a-f]{8}\\b/, 'follower-nurture'],
      [/^test$/, '2214@nurture-1'],
      [/· Node v[\\d.]+/, '· Node v24.11.1'],
    ]
    const walker = document.createTreeWalker(document.getElementById('system'), NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      for (const [pattern, text] of said) node.data = node.data.replace(pattern, text)
    for (const time of document.querySelectorAll('#system time'))
      if (Date.parse(time.dateTime) < Date.now() - 86_400_000 || Date.parse(time.dateTime) > Date.now())
        time.textContent = '2026-12-03 14:30:58'
  })()`)
}
