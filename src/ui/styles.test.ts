import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const SHARED = new URL('./assets/', import.meta.url)
const CONSOLE = new URL('../console/assets/', import.meta.url)
const SIMULATOR = new URL('../simulator/phone/assets/', import.meta.url)

/** The selectors of a file that are one class, outside media queries: `.facts`, but not `.facts dt`. */
function plainClasses(css: string): string[] {
  const withoutMedia = css.replaceAll(/@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g, '')
  const selectors = [...withoutMedia.matchAll(/([^{}]+)\{/g)].flatMap((match) => (match[1] ?? '').split(','))
  return selectors.flatMap((selector) => /^\.([\w-]+)$/.exec(selector.trim())?.[1] ?? [])
}

it.each([
  ['the console', CONSOLE, 100],
  ['the simulator', SIMULATOR, 50],
] as const)(
  '%s defines each class of a part in one file, because all are one style sheet',
  (_, own, least) => {
    const filesOf = new Map<string, Set<string>>()
    // The base and the forms style elements of all pages; other files refine those.
    for (const folder of [SHARED, own])
      for (const file of readdirSync(folder).filter((name) => /\.css$/.test(name) && name !== 'base.css'))
        for (const name of plainClasses(readFileSync(new URL(file, folder), 'utf8')))
          filesOf.set(name, (filesOf.get(name) ?? new Set()).add(file))
    expect(filesOf.size).toBeGreaterThan(least)
    const twice = [...filesOf].filter(([, files]) => files.size > 1)
    expect(twice.map(([name, files]) => `${name}: ${[...files].join(', ')}`)).toEqual([])
  },
)
