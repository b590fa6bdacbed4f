/**
 * `data-page-address="PATH"` is the address of this page, when a form has answered with it. A reload then loads the page, and does
 * not send the form again.
 */
export function pageAddress(): void {
  const path = document.querySelector<HTMLElement>('[data-page-address]')?.dataset.pageAddress
  if (path !== undefined) history.replaceState(null, '', path)
}
