import { raw } from 'hono/html'
import { drawingOf, type IconName } from './icons.tsx'

/** Drawings that a script of the page shows with `<use href="#icon-NAME">`. */
export const EDITOR_ICONS = [
  'arrow-down',
  'arrow-up',
  'book-open',
  'check',
  'chevron-left',
  'circle-alert',
  'circle-check',
  'clock',
  'copy',
  'corner-down-right',
  'file-text',
  'git-branch',
  'grip-vertical',
  'hourglass',
  'image',
  'layout-grid',
  'list',
  'log-in',
  'message-circle',
  'mic',
  'moon',
  'music',
  'newspaper',
  'plus',
  'redo-2',
  'reply',
  'send',
  'settings',
  'square',
  'tag',
  'ticket',
  'trash',
  'triangle-alert',
  'type',
  'undo-2',
  'users',
  'video',
  'webhook',
  'workflow',
  'x',
] as const satisfies readonly IconName[]

export const IconSprite = ({ names }: { names: readonly IconName[] }) => (
  <svg class="off-screen" width="0" height="0" aria-hidden="true">
    {names.map((name) => (
      <symbol id={`icon-${name}`} viewBox="0 0 24 24">
        {raw(drawingOf(name))}
      </symbol>
    ))}
  </svg>
)
