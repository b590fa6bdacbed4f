/**
 * The first field of the form; a card without fields has buttons.
 * @param prefersEmpty the first field to be filled in, where there is one
 */
export function focusForm(prefersEmpty = false): void {
  requestAnimationFrame(() => {
    const all = [...document.querySelectorAll<HTMLElement>('.form :is(input, select, textarea, button)')]
    const shown = all.filter((element) => element.offsetParent !== null)
    const fields = shown.filter((element) => element.closest('.form-head') === null)
    const isEmpty = (e: HTMLElement) =>
      e.matches('textarea, input:not([type])') && (e as HTMLInputElement).value === ''
    const [first] = [...(prefersEmpty ? fields.filter(isEmpty) : []), ...fields, ...shown]
    first?.focus()
  })
}

/** Scrolls the timeline to a card, so that what is wrong with it can be read. */
export function showCard(key: string): void {
  requestAnimationFrame(() => {
    const card = document.querySelector(`[data-card="${CSS.escape(key)}"]`)?.closest('article')
    card?.scrollIntoView({ block: 'center' })
  })
}
