/** `<time data-until datetime="…">` shows the time that is left, as `h:mm:ss` or `m:ss`. */
export function countdowns(): void {
  const show = () => {
    for (const element of document.querySelectorAll<HTMLTimeElement>('time[data-until]'))
      element.textContent = timeLeft(Date.parse(element.dateTime) - Date.now())
  }
  show()
  setInterval(show, 1_000)
}

function timeLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}
