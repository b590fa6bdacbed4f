import { createRequire } from 'node:module'
import type { icons as LucideIcons } from '@iconify-json/lucide'
import { raw } from 'hono/html'

const ICON_NAMES = [
  'activity',
  'archive',
  'arrow-down',
  'arrow-up',
  'book-open',
  'check',
  'chevron-left',
  'circle-alert',
  'circle-check',
  'circle-dashed',
  'clock',
  'copy',
  'corner-down-right',
  'dices',
  'download',
  'ellipsis',
  'external-link',
  'file-text',
  'git-branch',
  'hourglass',
  'image',
  'info',
  'key-round',
  'languages',
  'layout-dashboard',
  'layout-grid',
  'link',
  'list',
  'log-in',
  'log-out',
  'menu',
  'message-circle',
  'mic',
  'moon',
  'music',
  'newspaper',
  'pause',
  'play',
  'plus',
  'printer',
  'qr-code',
  'radio-tower',
  'redo-2',
  'refresh-cw',
  'reply',
  'route',
  'scroll-text',
  'send',
  'settings',
  'search',
  'shield-check',
  'skip-forward',
  'smartphone',
  'square',
  'stethoscope',
  'sprout',
  'sun-moon',
  'tag',
  'ticket',
  'trash',
  'triangle-alert',
  'type',
  'undo-2',
  'upload',
  'user-cog',
  'user-minus',
  'user-plus',
  'users',
  'video',
  'webhook',
  'workflow',
  'x',
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

/** The parts of a drawing, as SVG. */
export const drawingOf = (name: IconName): string => DRAWINGS[name]

/** A drawing beside a text that says the same. Readers of the screen skip it. */
export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    {raw(DRAWINGS[name])}
  </svg>
)
