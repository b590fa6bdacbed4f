/** Shows the fields of each button's kind only, and keeps the preview of the menu up to date. */
export function menuEditor(): void {
  const form = document.getElementById('menu-form')
  if (!(form instanceof HTMLFormElement)) return
  const update = () => {
    for (const place of form.querySelectorAll<HTMLElement>('[data-menu-place]')) showPlace(form, place)
  }
  form.addEventListener('input', update)
  update()
}

function showPlace(form: HTMLFormElement, element: HTMLElement): void {
  const place = element.dataset.menuPlace ?? ''
  const typed = (name: string) => {
    const field = form.elements.namedItem(`${name}-${place}`)
    return field instanceof HTMLInputElement || field instanceof HTMLSelectElement ? field.value : ''
  }
  const kind = typed('kind')
  for (const part of element.querySelectorAll<HTMLElement>('[data-for-kind]'))
    part.hidden = !(part.dataset.forKind ?? '').split(' ').includes(kind)
  const shown = document.querySelector<HTMLElement>(`[data-preview="${place}"]`)
  if (!shown) return
  shown.textContent = typed('name')
  shown.hidden = typed('name') === ''
}
