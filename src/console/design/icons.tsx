import { raw } from 'hono/html'
import { readDrawings } from '../../ui/icons.ts'

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
  'grip-vertical',
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

const DRAWINGS = readDrawings(ICON_NAMES)

/** The parts of a drawing, as SVG. */
export const drawingOf = (name: IconName): string => DRAWINGS[name]

/** A drawing beside a text that says the same. Readers of the screen skip it. */
export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    {raw(DRAWINGS[name])}
  </svg>
)
