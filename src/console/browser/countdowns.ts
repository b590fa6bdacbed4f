import { timeLeft } from '../../ui/time-left.ts'

/** By element: the `data-until` it had when it was first seen, and how far this clock was ahead of it then. */
const seen = new WeakMap<HTMLTimeElement, { now: string; ahead: number }>()

/**
 * `<time data-until="NOW" datetime="…">` shows the time that is left, as `h:mm:ss` or `m:ss`. NOW is the server's time, or the
 * fast-forwarded time of a follower, when the element was written, in epoch ms.
 */
export function countdowns(): void {
  const show = () => {
    for (const element of document.querySelectorAll<HTMLTimeElement>('time[data-until]'))
      element.textContent = timeLeft(Date.parse(element.dateTime) - Date.now() + aheadOf(element))
  }
  show()
  setInterval(show, 1_000)
}

/** How far the browser's clock is ahead of the clock of an element, in ms. An update of the page may write it again. */
function aheadOf(element: HTMLTimeElement): number {
  const now = element.dataset.until ?? ''
  const known = seen.get(element)
  if (known?.now === now) return known.ahead
  const ahead = Date.now() - Number(now)
  seen.set(element, { now, ahead })
  return ahead
}
