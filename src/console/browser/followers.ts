// The list of followers: how many are selected, all of the page at once, and the key `x`.
const boxes = () => [...document.querySelectorAll<HTMLInputElement>('input[data-pick]')]
const pageBox = document.querySelector<HTMLInputElement>('input[data-pick-page]')
const allBox = document.querySelector<HTMLInputElement>('input[data-pick-all]')
const shown = document.querySelector<HTMLElement>('[data-picked]')

/** The closed bars of bulk jobs, while the tab is open. */
const CLOSED_JOBS = 'closed-bulk-jobs'
const closedJobs = (): string[] => (sessionStorage.getItem(CLOSED_JOBS) ?? '').split(' ')

function hideClosedJobs(): void {
  const closed = closedJobs()
  for (const button of document.querySelectorAll<HTMLElement>('[data-close-job]')) {
    const bar = button.closest<HTMLElement>('.bulk-job')
    if (bar && closed.includes(button.dataset.closeJob ?? '')) bar.hidden = true
  }
}

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
document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest<HTMLElement>('[data-close-job]') : null
  if (!button) return
  const newest = [...closedJobs(), button.dataset.closeJob ?? ''].slice(-20)
  sessionStorage.setItem(CLOSED_JOBS, newest.join(' '))
  hideClosedJobs()
})
// Rows that are read again stay selected, also when others have come before them.
let picked: ReadonlySet<string> = new Set()
document.addEventListener('htmx:before:swap', () => {
  picked = new Set(boxes().flatMap((box) => (box.checked ? [box.value] : [])))
})
document.addEventListener('htmx:after:swap', () => {
  for (const box of boxes()) box.checked = picked.has(box.value)
  hideClosedJobs()
  show()
})
hideClosedJobs()
// The browser may have kept the boxes of an earlier visit.
window.addEventListener('pageshow', show)
show()
