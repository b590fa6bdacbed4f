/** `data-opens="ID"` opens a dialog, `data-closes` closes the one around it. The browser returns the focus to the opener. */
export function dialogs(): void {
  document.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target : null
    const opener = target?.closest<HTMLElement>('[data-opens]')
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens ?? '')
      if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal()
      return
    }
    if (target?.closest('[data-closes]')) target.closest('dialog')?.close()
    // A click on the dialog itself, not on its content, is a click beside it.
    else if (target instanceof HTMLDialogElement) target.close()
  })
  openNew()
  document.addEventListener('htmx:after:swap', openNew)
}

/** Opens a dialog that came with the page, as that of a refused form, or with a part of it. Once: it may be closed. */
function openNew(): void {
  for (const dialog of document.querySelectorAll<HTMLDialogElement>('dialog[data-open]')) {
    dialog.removeAttribute('data-open')
    dialog.showModal()
  }
}
