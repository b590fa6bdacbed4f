import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { WAIT_TIMEOUT_MS } from './timeouts.ts'

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome']

/** The path of this machine's Chromium or Chrome, or null. */
export function chromiumPath(): string | null {
  const folders = (process.env.PATH ?? '').split(':')
  const all = PROGRAMS.flatMap((name) => folders.map((folder) => `${folder}/${name}`))
  return all.find((path) => existsSync(path)) ?? null
}

/** @throws Error when there is no browser; check `chromiumPath` first */
export function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumPath()
  if (!executablePath) throw new Error('Chromium is not on PATH')
  // Containers have too little shared memory, and root cannot use the sandbox.
  const args = ['--no-sandbox', '--disable-dev-shm-usage']
  return chromium.launch({ executablePath, args, timeout: WAIT_TIMEOUT_MS })
}

/**
 * A new page in its own session. `errors` collects the errors of its console and scripts.
 * @param options of the session; by default it is in Chinese on a wide screen
 */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; errors: string[] }> {
  const usual = { viewport: { width: 1240, height: 860 }, locale: 'zh-CN' }
  const context = await browser.newContext({ ...usual, ...options })
  context.setDefaultTimeout(WAIT_TIMEOUT_MS)
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (err) => errors.push(err.message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  return { page, errors }
}
