import { createRequire } from 'node:module'
import type { icons as LucideIcons } from '@iconify-json/lucide'

/**
 * The drawings of the Lucide icons (ISC licence) that a page uses, as parts of SVG. The others are not kept in memory.
 * @throws Error when Lucide has no icon of a name
 */
export function readDrawings<Name extends string>(names: readonly Name[]): Record<Name, string> {
  const require = createRequire(import.meta.url)
  const { icons } = require('@iconify-json/lucide/icons.json') as typeof LucideIcons
  return Object.fromEntries(
    names.map((name) => {
      const drawing = icons[name]
      if (!drawing) throw new Error(`Lucide has no icon ${name}.`)
      return [name, drawing.body]
    }),
  ) as Record<Name, string>
}
