/** A form that was submitted is not submitted again before its answer: a double click does it once. */
export function submitOnce(): void {
  const busy = new Set<HTMLFormElement>()
  document.addEventListener('submit', (event) => {
    const { target: form, submitter } = event
    if (!(form instanceof HTMLFormElement) || form.method !== 'post' || event.defaultPrevented) return
    if (busy.has(form)) {
      event.preventDefault()
      return
    }
    busy.add(form)
    submitter?.setAttribute('aria-busy', 'true')
  })
  document.addEventListener('request-stopped', ({ target: form }) => {
    if (!(form instanceof HTMLFormElement)) return
    busy.delete(form)
    for (const button of form.querySelectorAll('[aria-busy]')) button.removeAttribute('aria-busy')
  })
  // A page that comes back from the browser's history has its forms as they were left.
  window.addEventListener('pageshow', () => {
    busy.clear()
    for (const button of document.querySelectorAll('[aria-busy]')) button.removeAttribute('aria-busy')
  })
}
