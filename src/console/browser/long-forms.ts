/**
 * Forms with `data-long`: shows for how long the answer has been waited for. The button ends the request, and the server ends
 * the work when the connection is closed.
 */
export function longForms(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-long]')) {
    const shown = form.querySelector<HTMLElement>('[data-long-progress]')
    if (shown) watch(form, shown)
  }
}

function watch(form: HTMLFormElement, shown: HTMLElement): void {
  let timer: number | undefined
  const end = () => {
    window.clearInterval(timer)
    shown.hidden = true
  }
  form.addEventListener('submit', (event) => {
    if (event.defaultPrevented) return
    const begun = Date.now()
    const text = shown.querySelector('[data-long-text]')
    const tell = () => {
      const seconds = Math.round((Date.now() - begun) / 1_000)
      if (text) text.textContent = (shown.dataset.longProgress ?? '').replace('{n}', String(seconds))
    }
    window.clearInterval(timer)
    timer = window.setInterval(tell, 1_000)
    tell()
    shown.hidden = false
  })
  shown.querySelector('[data-long-stop]')?.addEventListener('click', () => {
    window.stop()
    form.dispatchEvent(new Event('request-stopped', { bubbles: true }))
  })
  form.addEventListener('request-stopped', end)
  // A page that comes back from the browser's history has its forms as they were left.
  window.addEventListener('pageshow', end)
}
