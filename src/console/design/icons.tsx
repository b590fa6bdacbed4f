import { createRequire } from 'node:module'
import type { icons as LucideIcons } from '@iconify-json/lucide'
import { raw } from 'hono/html'

const ICON_NAMES = [
  'activity',
  'archive',
  'check',
  'chevron-left',
  'circle-alert',
  'circle-check',
  'circle-dashed',
  'copy',
  'dices',
  'download',
  'ellipsis',
  'external-link',
  'image',
  'info',
  'key-round',
  'languages',
  'layout-dashboard',
  'link',
  'log-out',
  'menu',
  'mic',
  'pause',
  'play',
  'plus',
  'printer',
  'qr-code',
  'radio-tower',
  'refresh-cw',
  'route',
  'scroll-text',
  'settings',
  'shield-check',
  'smartphone',
  'stethoscope',
  'sun-moon',
  'trash',
  'triangle-alert',
  'upload',
  'user-cog',
  'users',
  'video',
  'workflow',
] as const
export type IconName = (typeof ICON_NAMES)[number]

const DRAWINGS = readDrawings()

/** The drawings that the console uses, of the Lucide icons (ISC licence). The others are not kept in memory. */
function readDrawings(): Record<IconName, string> {
  const require = createRequire(import.meta.url)
  const { icons } = require('@iconify-json/lucide/icons.json') as typeof LucideIcons
  return Object.fromEntries(
    ICON_NAMES.map((name) => {
      const drawing = icons[name]
      if (!drawing) throw new Error(`Lucide has no icon ${name}.`)
      return [name, drawing.body]
    }),
  ) as Record<IconName, string>
}

/** A drawing beside a text that says the same. Readers of the screen skip it. */
export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    {raw(DRAWINGS[name])}
  </svg>
)
