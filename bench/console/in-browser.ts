import type { Browser, BrowserContext, Page } from 'playwright-core'
import { campaignPath } from '../../src/console/paths.ts'
import { SECOND_MS } from '../../src/shared/time-units.ts'
import type { Figure } from '../stats.ts'
import type { ConsoleProgram } from './console-program.ts'

const LIVE_RATE = 1_000
const LIVE_SECONDS = 8
/** Scripts of a page may ask for more after it has loaded. */
const SETTLE_MS = SECOND_MS

/** What Chromium loads for the first page and for the editor, and how smoothly it shows a live page. */
export async function measureInBrowser(
  browser: Browser,
  program: ConsoleProgram,
  campaign: string,
): Promise<Figure[]> {
  const editor = campaignPath(campaign)
  const [first, again] = await bytesOf(browser, program, ['/', '/'])
  const [editing, yaml] = await bytesOf(browser, program, [`${editor}/edit`, `${editor}/yaml`])
  const bytes = (name: string, value: number, aim?: string): Figure => ({
    name,
    unit: 'bytes',
    value,
    ...(aim ? { aim } : {}),
  })
  const sum = (...parts: (number | undefined)[]) => parts.reduce<number>((a, b) => a + (b ?? Number.NaN), 0)
  return [
    bytes('bytes of the first page, first visit', sum(first), '≤ 60 KB'),
    bytes('bytes of the first page, later visit', sum(again)),
    bytes('bytes of the editor, first visit', sum(editing), '≤ 130 KB'),
    bytes('bytes of the editor and then its YAML tab, first visit', sum(editing, yaml), '≤ 260 KB'),
    ...(await measureFrames(browser, program)),
  ]
}

async function signedIn(browser: Browser, { url, cookie }: ConsoleProgram): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'zh-CN' })
  await context.addCookies(
    cookie.split('; ').map((pair) => {
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      return { name, value, url }
    }),
  )
  return context
}

/** The bytes over the wire of pages that one new browser opens one after the other, compressed and with headers. */
async function bytesOf(
  browser: Browser,
  program: ConsoleProgram,
  paths: readonly string[],
): Promise<number[]> {
  const context = await signedIn(browser, program)
  const page = await context.newPage()
  const session = await context.newCDPSession(page)
  await session.send('Network.enable')
  let bytes = 0
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
  })
  const found: number[] = []
  for (const path of paths) {
    bytes = 0
    await page.goto(`${program.url}${path}`, { waitUntil: 'load' })
    await page.waitForTimeout(SETTLE_MS)
    found.push(bytes)
  }
  await context.close()
  return found
}

/** Frames of the overview, without events and with them. */
async function measureFrames(browser: Browser, program: ConsoleProgram): Promise<Figure[]> {
  const context = await signedIn(browser, program)
  const page = await context.newPage()
  await page.goto(`${program.url}/`, { waitUntil: 'load' })
  await page.waitForTimeout(SETTLE_MS)
  const quiet = await countFrames(page)
  const [live, added] = await Promise.all([countFrames(page), program.addEvents(LIVE_RATE, LIVE_SECONDS + 1)])
  await context.close()
  const reference = (value: number) => ({ name: 'no events', value })
  return [
    {
      name: 'events a second while the frames were counted',
      unit: '1/s',
      value: added / (LIVE_SECONDS + 1),
    },
    {
      name: 'frames a second of the overview with these events',
      unit: '1/s',
      value: live.mean,
      reference: reference(quiet.mean),
      aim: '≥ 50',
    },
    {
      name: 'frames of its slowest second',
      unit: '1/s',
      value: live.least,
      reference: reference(quiet.least),
    },
  ]
}

/** Frames that the page draws a second: on average, and in the slowest second. */
async function countFrames(page: Page): Promise<{ mean: number; least: number }> {
  const times = (await page.evaluate(`new Promise((resolve) => {
    const times = []
    const end = performance.now() + ${LIVE_SECONDS * SECOND_MS}
    const frame = (at) => {
      times.push(at)
      if (at < end) requestAnimationFrame(frame)
      else resolve(times)
    }
    requestAnimationFrame(frame)
  })`)) as number[]
  const began = times[0] ?? 0
  const seconds = Array.from({ length: LIVE_SECONDS }, (_, i) => {
    const from = began + i * SECOND_MS
    return times.filter((at) => at >= from && at < from + SECOND_MS).length
  })
  return { mean: seconds.reduce((sum, n) => sum + n, 0) / LIVE_SECONDS, least: Math.min(...seconds) }
}
