import { raw } from 'hono/html'
import { readDrawings } from '../../ui/icons.ts'

const ICON_NAMES = [
  'battery-full',
  'check',
  'chevron-left',
  'circle-alert',
  'circle-check',
  'clock-arrow-up',
  'ellipsis',
  'external-link',
  'fast-forward',
  'file',
  'headset',
  'image',
  'keyboard',
  'languages',
  'layout-grid',
  'link',
  'map-pin',
  'mic',
  'play',
  'plus',
  'qr-code',
  'radio-tower',
  'reply',
  'smartphone',
  'square',
  'sun-moon',
  'triangle-alert',
  'user-minus',
  'user-plus',
  'users',
  'video',
  'wifi',
  'x',
] as const
export type IconName = (typeof ICON_NAMES)[number]

const DRAWINGS = readDrawings(ICON_NAMES)

/** A drawing beside a text that says the same. Readers of the screen skip it. */
export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    {raw(DRAWINGS[name])}
  </svg>
)

/** Drawings that a script of the page shows with `<use href="#icon-NAME">`. */
export const IconSprite = () => (
  <svg class="off-screen" width="0" height="0" aria-hidden="true">
    {ICON_NAMES.map((name) => (
      <symbol id={`icon-${name}`} viewBox="0 0 24 24">
        {raw(DRAWINGS[name])}
      </symbol>
    ))}
  </svg>
)
