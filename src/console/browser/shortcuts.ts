/** How long after `g` the second key of a shortcut may come. */
const SECOND_KEY_MS = 1_500
const OFF = 'nurture-shortcuts-off'

/**
 * Keys of every page: `/` goes to the search field (`data-find`), `g` and a letter to a page (`a[data-key]`), `?` shows the
 * keys (`#shortcuts`). Not while a field has the focus. The checkbox `data-shortcuts` switches them off for this browser.
 */
export function shortcuts(): void {
  keepSetting()
  let firstKeyAt = Number.NEGATIVE_INFINITY
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isOff()) return
    // The target of an event from an editor in a shadow root is only its host.
    if (isTyping(event.composedPath()[0] ?? event.target) || document.querySelector('dialog[open]')) return
    const isSecond = event.timeStamp - firstKeyAt < SECOND_KEY_MS
    firstKeyAt = Number.NEGATIVE_INFINITY
    if (isSecond) {
      const link = document.querySelector<HTMLAnchorElement>(`a[data-key="${CSS.escape(event.key)}"]`)
      link?.click()
    } else if (event.key === 'g') firstKeyAt = event.timeStamp
    else if (event.key === '/') {
      const field = document.querySelector<HTMLElement>('[data-find]')
      if (!field) return
      event.preventDefault()
      field.focus()
    } else if (event.key === '?') {
      const dialog = document.getElementById('shortcuts')
      if (dialog instanceof HTMLDialogElement) dialog.showModal()
    }
  })
}

function keepSetting(): void {
  const box = document.querySelector<HTMLInputElement>('input[data-shortcuts]')
  if (!box) return
  box.checked = !isOff()
  box.addEventListener('change', () => {
    if (box.checked) localStorage.removeItem(OFF)
    else localStorage.setItem(OFF, 'yes')
  })
}

function isOff(): boolean {
  try {
    return localStorage.getItem(OFF) !== null
  } catch {
    // The browser keeps nothing for this site.
    return false
  }
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches('input, select, textarea'))
  )
}
