// The list of followers: how many are selected, all of the page at once, and the key `x`.
const boxes = () => [...document.querySelectorAll<HTMLInputElement>('input[data-pick]')]
const pageBox = document.querySelector<HTMLInputElement>('input[data-pick-page]')
const allBox = document.querySelector<HTMLInputElement>('input[data-pick-all]')
const shown = document.querySelector<HTMLElement>('[data-picked]')

/** Shows how many rows are selected. All that fit the filters are counted by the dialog. */
function show(): void {
  const all = boxes()
  const picked = all.filter((box) => box.checked).length
  if (shown) {
    shown.hidden = allBox?.checked ?? false
    shown.textContent = (shown.dataset.picked ?? '').replace('{n}', String(picked))
  }
  if (!pageBox) return
  pageBox.checked = picked > 0 && picked === all.length
  pageBox.indeterminate = picked > 0 && picked < all.length
}

document.addEventListener('change', ({ target }) => {
  if (target === pageBox && pageBox) for (const box of boxes()) box.checked = pageBox.checked
  show()
})
document.addEventListener('keydown', (event) => {
  const { target } = event
  if (event.key !== 'x' || event.ctrlKey || event.metaKey || event.altKey) return
  if (!(target instanceof HTMLElement) || target.matches('select, textarea, input:not([type=checkbox])'))
    return
  const box = target.closest('tr')?.querySelector<HTMLInputElement>('input[data-pick]')
  if (!box) return
  box.checked = !box.checked
  show()
})
// The browser may have kept the boxes of an earlier visit.
window.addEventListener('pageshow', show)
show()
