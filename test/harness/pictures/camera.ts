import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { WAIT_TIMEOUT_MS } from '../timeouts.ts'
import { PICTURE_NOW, PICTURE_USER } from './picture-ids.ts'
import { decodePng, encodePng, type Pixels } from './png.ts'
import type { Screen } from './screens.ts'

/** Where pictures are taken, signed in as {@link PICTURE_USER}. */
export interface Studio {
  base: string
  session: { name: string; value: string }
}

/** Signs in once for all pictures: each sign-in is a row of the audit log. */
export async function openStudio(base: string): Promise<Studio> {
  const { name, password } = PICTURE_USER
  const body = new URLSearchParams({ name, password })
  const answer = await fetch(`${base}/signin`, { method: 'POST', body, redirect: 'manual' })
  const [cookie = ''] = answer.headers.getSetCookie()
  const [, key, value] = /^([^=]+)=([^;]+)/.exec(cookie) ?? []
  if (!key || !value) throw new Error(`the sign-in answers ${answer.status} without a session`)
  return { base, session: { name: key, value } }
}

export interface Frame {
  width: 1280 | 375
  language: 'zh' | 'en'
  scheme: 'light' | 'dark'
}

export const FRAMES: readonly (Frame & { suffix: string })[] = [
  { suffix: 'zh', width: 1280, language: 'zh', scheme: 'light' },
  { suffix: 'en', width: 1280, language: 'en', scheme: 'light' },
  { suffix: 'zh-375', width: 375, language: 'zh', scheme: 'light' },
  { suffix: 'zh-dark', width: 1280, language: 'zh', scheme: 'dark' },
]
/** Where the pictures are kept. */
export const FOLDER = fileURLToPath(new URL('../../../docs/images/console/', import.meta.url))
/** Enough for all pictures on a slow machine. */
export const ALL_PICTURES_MS = 15 * 60_000
/** The names of screens, as `npm run pictures` sets them. Absent: the pictures are compared. */
export const renewed = process.env.PICTURES?.split(',')
export const isAsked = (name: string): boolean => renewed?.includes(name) ?? false

const HEIGHTS = { 1280: 800, 375: 812 }
/** A longer page is cut off. */
const MOST_HEIGHT = 1_400

/** A browser session that takes pictures of one kind. */
export class Camera {
  readonly #page: Page
  readonly #context: BrowserContext
  readonly #frame: Frame

  private constructor(context: BrowserContext, page: Page, frame: Frame) {
    this.#context = context
    this.#page = page
    this.#frame = frame
  }

  /** Signed in, at the time of the picture world. */
  static async open(browser: Browser, { base, session }: Studio, frame: Frame): Promise<Camera> {
    const camera = await Camera.openLive(browser, base, frame)
    await camera.page.clock.setFixedTime(PICTURE_NOW)
    await camera.#context.addCookies([{ ...session, url: base }])
    return camera
  }

  /** Not signed in, at the time of this machine. */
  static async openLive(browser: Browser, base: string, frame: Frame): Promise<Camera> {
    const { width, language, scheme } = frame
    const context = await browser.newContext({
      viewport: { width, height: HEIGHTS[width] },
      locale: language === 'zh' ? 'zh-CN' : 'en-US',
      timezoneId: 'Asia/Shanghai',
      colorScheme: scheme,
      reducedMotion: 'reduce',
      baseURL: base,
    })
    context.setDefaultTimeout(WAIT_TIMEOUT_MS)
    return new Camera(context, await context.newPage(), frame)
  }

  get page(): Page {
    return this.#page
  }

  /** @param openId of the follower whose page is shown */
  async take(
    { path, prepare, height }: Pick<Screen, 'path' | 'prepare' | 'height'>,
    openId: string,
  ): Promise<Pixels> {
    const page = this.#page
    if (this.#frame.width === 1280)
      await page.setViewportSize({ width: 1280, height: height ?? HEIGHTS[1280] })
    const answer = await page.goto(path(openId))
    if (answer?.status() !== 200) throw new Error(`${path(openId)} answers ${answer?.status()}`)
    await prepare?.(page)
    return this.shoot(height)
  }

  /** A picture of the page as it is. @param most its height at most */
  async shoot(most = MOST_HEIGHT): Promise<Pixels> {
    const page = this.#page
    await page.mouse.move(0, 0)
    // What is fixed to the window stands where the page begins.
    await page.evaluate('scrollTo(0, 0)')
    await page.evaluate('document.fonts.ready.then(() => undefined)')
    const options = { animations: 'disabled', caret: 'hide' } as const
    // The screen of a phone, with the navigation at its bottom.
    if (this.#frame.width === 375) return decodePng(await page.screenshot(options))
    const height = Number(await page.evaluate('document.documentElement.scrollHeight'))
    const clip = { x: 0, y: 0, width: 1280, height: Math.min(height, most) }
    return decodePng(await page.screenshot({ ...options, clip, fullPage: true }))
  }

  close(): Promise<void> {
    return this.#context.close()
  }
}

/**
 * Takes the pictures of some screens of every kind, and keeps them.
 * @param open opens the camera of a kind
 * @returns the fonts of this machine, as {@link fontsOf} has them
 */
export async function takeAll(
  screens: readonly Screen[],
  openId: string,
  open: (frame: Frame) => Promise<Camera>,
): Promise<string> {
  let fonts = ''
  for (const frame of FRAMES) {
    const shown = screens.filter(({ isDark }) => isDark || frame.scheme === 'light')
    if (shown.length === 0) continue
    const camera = await open(frame)
    for (const screen of shown) {
      const picture = encodePng(await camera.take(screen, openId))
      writeFileSync(join(FOLDER, `${screen.name}-${frame.suffix}.png`), picture)
    }
    fonts = await fontsOf(camera.page)
    await camera.close()
  }
  return fonts
}

/** The widths of some texts: they tell which fonts this machine draws pages with. */
export async function fontsOf(page: Page): Promise<string> {
  const widths = await page.evaluate(`(() => {
    const context = document.createElement('canvas').getContext('2d')
    const { fontFamily } = getComputedStyle(document.body)
    return ['400', '600'].flatMap((weight) => {
      context.font = weight + ' 40px ' + fontFamily
      return ['粉丝培育', 'Follower', '0123'].map((text) => context.measureText(text).width.toFixed(1))
    }).join(' ')
  })()`)
  return String(widths)
}
