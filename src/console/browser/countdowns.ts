import { timeLeft } from '../../ui/time-left.ts'

/** `<time data-until datetime="…">` shows the time that is left, as `h:mm:ss` or `m:ss`. */
export function countdowns(): void {
  const show = () => {
    for (const element of document.querySelectorAll<HTMLTimeElement>('time[data-until]'))
      element.textContent = timeLeft(Date.parse(element.dateTime) - Date.now())
  }
  show()
  setInterval(show, 1_000)
}
