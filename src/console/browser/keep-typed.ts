// What somebody has typed does not go with a connection or a session that is lost.
import { SCRIPT_HEADERS } from './script-headers.ts'

/** Why a form cannot be sent now. */
export type Lost = 'connection' | 'session'

const ANSWERS_WITHIN_MS = 10_000

/** Asks the server whether it would take a form; null: it would. */
export async function lostBefore(): Promise<Lost | null> {
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), ANSWERS_WITHIN_MS))
  const answer = await Promise.race([
    fetch('/session', { headers: SCRIPT_HEADERS, cache: 'no-store' }).catch(() => null),
    late,
  ])
  if (answer === null || answer.status >= 500) return 'connection'
  return answer.status === 401 ? 'session' : null
}

/** Says in a form why it was not sent. */
export function showLost(form: HTMLFormElement, lost: Lost): void {
  const template = document.getElementById(`lost-${lost}`)
  if (!(template instanceof HTMLTemplateElement)) return
  for (const old of form.querySelectorAll('[data-lost]')) old.remove()
  const note = template.content.cloneNode(true)
  const heading = form.querySelector('h2')
  if (heading) heading.after(note)
  else form.prepend(note)
  form.querySelector('[data-lost]')?.scrollIntoView({ block: 'nearest' })
}

/** A part of the page that refreshes itself leads to the sign-in page, unless something typed would go. */
export function stayWithTyped(): void {
  document.addEventListener('htmx:before:response', (event) => {
    const { ctx } = (event as CustomEvent<{ ctx: { hx?: { redirect?: string } } }>).detail
    if (ctx.hx?.redirect === undefined) return
    const form = [...document.forms].find((candidate) => candidate.method === 'post' && hasTyped(candidate))
    if (!form) return
    event.preventDefault()
    if (!form.querySelector('[data-lost]')) showLost(form, 'session')
  })
}

function hasTyped(form: HTMLFormElement): boolean {
  return [...form.elements].some((control) => {
    if (control instanceof HTMLTextAreaElement) return control.value !== control.defaultValue
    if (!(control instanceof HTMLInputElement) || control.type === 'hidden') return false
    const isTicked = control.type === 'checkbox' || control.type === 'radio'
    return isTicked ? control.checked !== control.defaultChecked : control.value !== control.defaultValue
  })
}
