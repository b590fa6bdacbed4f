import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { chromiumPath, launchBrowser } from '../harness/chromium.ts'
import { serveConsole } from '../harness/console-in-browser.ts'
import {
  ALL_PICTURES_MS,
  Camera,
  FOLDER,
  FRAMES,
  type Frame,
  fontsOf,
  isAsked,
  openStudio,
  renewed,
  type Studio,
  takeAll,
} from '../harness/pictures/camera.ts'
import { compare } from '../harness/pictures/likeness.ts'
import { openPictureWorld, type PictureWorld } from '../harness/pictures/picture-world.ts'
import { decodePng, encodePng } from '../harness/pictures/png.ts'
import { SCREENS } from '../harness/pictures/screens.ts'

/** The fonts of the machine that took the pictures. */
const FONTS_FILE = join(FOLDER, 'fonts.txt')
/** The share of the squares of a picture that may differ: little with the same fonts. Others move words and lines. */
const MAY_DIFFER = { sameFonts: 0.01, otherFonts: 0.15 }

describe.skipIf(!inject('temporalAddress') || !chromiumPath())('the pictures of the docs', () => {
  let world: PictureWorld
  let browser: Browser
  let studio: Studio
  let server: { url: string; close(): Promise<void> }
  beforeAll(async () => {
    world = await openPictureWorld(inject('temporalAddress'), renewed !== undefined)
    server = await serveConsole(world.app, {
      authorisationUrl: 'https://nurture.example.com/wechat/component/authorize',
      namespace: 'follower-nurture',
    })
    studio = await openStudio(server.url)
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await world?.app.close()
  })

  if (renewed)
    it(
      'are taken again',
      async () => {
        const screens = SCREENS.filter(({ name }) => isAsked(name))
        const open = (frame: Frame) => Camera.open(browser, studio, frame)
        writeFileSync(FONTS_FILE, `${await takeAll(screens, world.openId, open)}\n`)
      },
      ALL_PICTURES_MS,
    )
  if (!renewed)
    it.each(SCREENS.filter(({ isMain }) => isMain))('$name is as the docs show it', async (screen) => {
      const [frame] = FRAMES
      if (!frame) throw new Error('there is no frame')
      const camera = await Camera.open(browser, studio, frame)
      const actual = await camera.take(screen, world.openId)
      const haveSameFonts = (await fontsOf(camera.page)) === readFileSync(FONTS_FILE, 'utf8').trim()
      await camera.close()
      const name = `${screen.name}-${frame.suffix}.png`
      const kept = decodePng(readFileSync(join(FOLDER, name)))
      const { different, picture } = compare(kept, actual)
      const limit = haveSameFonts ? MAY_DIFFER.sameFonts : MAY_DIFFER.otherFonts
      if (different <= limit && kept.width === actual.width) return
      const folder = mkdtempSync(join(tmpdir(), 'picture-'))
      writeFileSync(join(folder, name), encodePng(actual))
      writeFileSync(join(folder, `different-${name}`), encodePng(picture))
      const share = (different * 100).toFixed(1)
      expect.fail(
        `docs/images/console/${name} is not what the page shows: ${share} % of it differs. ${folder} has the page's picture and the difference. If the page is right, "npm run pictures ${screen.name}" takes the picture again`,
      )
    })
})

describe('the comparison of pictures', () => {
  const read = (name: string) => decodePng(readFileSync(join(FOLDER, name)))

  it('finds no difference after compression', () => {
    const kept = read('overview-zh.png')
    expect(compare(kept, decodePng(encodePng(kept))).different).toBe(0)
  })

  it('finds a card that is missing', () => {
    const kept = read('overview-zh.png')
    const without = { ...kept, rgb: kept.rgb.slice() }
    // The card of the live feed.
    for (let y = 370; y < 780; y++)
      without.rgb.fill(0xf6, (y * kept.width + 920) * 3, (y * kept.width + 1_250) * 3)
    expect(compare(kept, without).different).toBeGreaterThan(MAY_DIFFER.sameFonts)
  })

  it('finds other colours, whatever the fonts', () => {
    const { different } = compare(read('overview-zh.png'), read('overview-zh-dark.png'))
    expect(different).toBeGreaterThan(MAY_DIFFER.otherFonts)
  })
})
