import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** Expects that a page fits its width and that axe-core finds nothing in it. @param what names the page in a failure */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
  expect([what, overflow]).toEqual([what, 0])
  await page.evaluate(axe.source)
  // What passes needs no description.
  const { violations } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as axe.AxeResults
  expect(violations.map((v) => `${what} ${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`)).toEqual([])
}
