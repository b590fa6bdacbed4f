/** `data-print` prints the page. */
export function printButton(): void {
  document.querySelector('[data-print]')?.addEventListener('click', () => window.print())
}
