import { announce } from './announce.ts'

/** `data-copy="TEXT"` copies a text, and says so with the text of `data-copied`. */
export function copyButtons(): void {
  document.addEventListener('click', async (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-copy]') : null
    if (!button) return
    const text = button.dataset.copy ?? ''
    const copied = await copy(text)
    if (copied) announce(button.dataset.copied ?? '')
  })
}

/** Pages that are served by http have no clipboard, except those of this machine. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = document.createElement('textarea')
    field.value = text
    field.className = 'off-screen'
    document.body.append(field)
    field.select()
    const copied = document.execCommand('copy')
    field.remove()
    return copied
  }
}
