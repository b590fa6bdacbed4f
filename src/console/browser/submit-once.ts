import { type Lost, lostBefore, showLost } from './keep-typed.ts'

/**
 * A form that was submitted is not submitted again before its answer: a double click does it once. A form with fields
 * is sent only when the server answers and knows the reader; else it stays as it is, and says why.
 */
export function submitOnce(): void {
  const busy = new Set<HTMLFormElement>()
  const checked = new WeakSet<HTMLFormElement>()
  const free = (form: HTMLFormElement) => {
    busy.delete(form)
    for (const button of form.querySelectorAll('[aria-busy]')) button.removeAttribute('aria-busy')
  }
  const send = (form: HTMLFormElement, submitter: HTMLElement | null, lost: Lost | null) => {
    if (lost === null) {
      checked.add(form)
      free(form)
      form.requestSubmit(submitter)
      return
    }
    form.dispatchEvent(new Event('request-stopped', { bubbles: true }))
    showLost(form, lost)
  }
  document.addEventListener('submit', (event) => {
    const { target: form, submitter } = event
    if (!(form instanceof HTMLFormElement) || form.method !== 'post' || event.defaultPrevented) return
    if (busy.has(form)) {
      event.preventDefault()
      return
    }
    busy.add(form)
    submitter?.setAttribute('aria-busy', 'true')
    if (checked.delete(form) || !hasFields(form)) return
    event.preventDefault()
    void lostBefore().then((lost) => send(form, submitter, lost))
  })
  document.addEventListener('request-stopped', ({ target: form }) => {
    if (form instanceof HTMLFormElement) free(form)
  })
  // A page that comes back from the browser's history has its forms as they were left.
  window.addEventListener('pageshow', () => {
    for (const form of document.forms) free(form)
  })
}

/** Whether a form has something to lose, in a browser that can send it later (Safari: since 16). */
function hasFields(form: HTMLFormElement): boolean {
  return 'requestSubmit' in form && form.querySelector('input:not([type=hidden]), select, textarea') !== null
}
