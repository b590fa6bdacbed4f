/** The first field of the form; a card without fields has buttons. */
export function focusForm(): void {
  requestAnimationFrame(() => {
    const all = [...document.querySelectorAll<HTMLElement>('.form :is(input, select, textarea, button)')]
    const shown = all.filter((element) => element.offsetParent !== null)
    const fields = shown.filter((element) => element.closest('.form-head') === null)
    const [first] = [...fields, ...shown]
    first?.focus()
  })
}
