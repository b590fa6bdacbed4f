const SHOWN_MS = 6_000

/** Shows a text at the bottom of the page for some seconds. Readers of the screen say it. */
export function announce(text: string): void {
  const place = document.getElementById('notices')
  if (!place || !text) return
  const notice = document.createElement('p')
  notice.className = 'notice'
  notice.textContent = text
  place.append(notice)
  setTimeout(() => notice.remove(), SHOWN_MS)
}
