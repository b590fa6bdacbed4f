import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
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
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

/** A new page in its own session. `errors` collects the errors of its console and scripts. */
export async function openPage(browser: Browser): Promise<{ page: Page; errors: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1240, height: 860 }, locale: 'zh-CN' })
  context.setDefaultTimeout(WAIT_TIMEOUT_MS)
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (err) => errors.push(err.message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  return { page, errors }
}
