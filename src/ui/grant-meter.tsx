import type { Child } from 'hono/jsx'
import type { GrantTexts } from './bubble-texts.ts'

/*
 * No hook and no function of a server is used here, so that the same file can be compiled for the browser. The words are given
 * as `texts`: `useText(GRANT_TEXTS)` on the server.
 */

export type GrantScene = 'subscribe' | 'message' | 'menu' | 'scan' | 'pay'

interface GrantMeterProps {
  texts: GrantTexts
  scene: GrantScene
  used: number
  quota: number
  /** Beside the cells: the time that is left. */
  left?: Child
  /** Replaced by a newer grant, or its time is over. */
  over?: boolean
  size?: 'small' | 'normal' | 'large'
  /** Shows the name of the grant before its cells. */
  named?: boolean
}

/** More cells than this are a bar: WeChat once allowed 20 messages. */
const MOST_CELLS = 10
const CELL = { width: 9, height: 14, gap: 2 }

/** What a grant allows: a cell for each message, filled when it is used. */
export const GrantMeter = (props: GrantMeterProps) => {
  const { texts, scene, used, quota, left, over, size = 'normal', named } = props
  const cells = Math.min(quota, MOST_CELLS)
  const filled = quota > MOST_CELLS ? Math.round((used / quota) * MOST_CELLS) : used
  const width = cells * (CELL.width + CELL.gap) - CELL.gap
  return (
    <span class={`grant ${scene} ${size} ${over ? 'over' : ''}`}>
      {named ? <span class="grant-name">{texts[scene]}</span> : null}
      <svg
        class="cells"
        viewBox={`0 0 ${width} ${CELL.height}`}
        role="img"
        aria-label={texts.used(texts[scene], used, quota)}
      >
        {Array.from({ length: cells }, (_, i) => (
          <rect
            key={i}
            class={i < filled ? 'used' : ''}
            x={i * (CELL.width + CELL.gap) + 0.75}
            y={0.75}
            width={CELL.width - 1.5}
            height={CELL.height - 1.5}
            rx={1.5}
          />
        ))}
      </svg>
      <span class="grant-count" aria-hidden="true">
        {used}/{quota}
      </span>
      {left === undefined ? null : <span class="grant-left">{left}</span>}
    </span>
  )
}

/** Which grant pays a message: a small square in the colour of the grant, and words. */
export const PaidBy = ({ scene, children }: { scene: GrantScene; children?: Child }) => (
  <span class={`paid-by ${scene}`}>
    <svg class="square" viewBox="0 0 8 8" aria-hidden="true">
      <rect width="8" height="8" rx="2" />
    </svg>
    {children}
  </span>
)
