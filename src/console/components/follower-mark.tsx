import { createHash } from 'node:crypto'
import { raw } from 'hono/html'

const TONES = ['violet', 'teal', 'rose', 'amber', 'blue', 'green'] as const
const ROWS = 5
/** The left half and the middle. The right half is its mirror image. */
const COLUMNS = 3

/**
 * A drawing from the openId, so that the eye tells followers apart: WeChat gives neither a name nor a picture. It stands beside
 * the openId, and readers of the screen skip it.
 */
export const FollowerMark = ({ openId, large }: { openId: string; large?: boolean }) => {
  const hash = createHash('sha256').update(openId).digest()
  const tone = TONES[(hash[0] ?? 0) % TONES.length]
  const squares = Array.from({ length: ROWS * COLUMNS }, (_, i) => i).filter((i) => (hash[i + 1] ?? 0) % 2)
  const drawn = squares.flatMap((i) => {
    const [x, y] = [i % COLUMNS, Math.floor(i / COLUMNS)]
    return [square(x, y), ...(x < COLUMNS - 1 ? [square(2 * (COLUMNS - 1) - x, y)] : [])]
  })
  return (
    <svg class={`follower-mark ${tone} ${large ? 'large' : ''}`} viewBox="-1 -1 7 7" aria-hidden="true">
      {raw(drawn.join(''))}
    </svg>
  )
}

const square = (x: number, y: number) => `<rect x="${x}" y="${y}" width="1" height="1"/>`

/** The beginning and the end of a long openId. */
export const ShortId = ({ openId }: { openId: string }) => (
  <code translate="no" title={openId}>
    {openId.length > 14 ? `${openId.slice(0, 7)}…${openId.slice(-4)}` : openId}
  </code>
)
