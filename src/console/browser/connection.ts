/** Shows `#connection-lost` while the parts of a page that refresh themselves cannot be loaded. */
export function watchConnection(): void {
  const banner = document.getElementById('connection-lost')
  if (!banner) return
  const show = (lost: boolean) => {
    banner.hidden = !lost
  }
  window.addEventListener('offline', () => show(true))
  window.addEventListener('online', () => show(false))
  document.addEventListener('htmx:error', () => show(true))
  document.addEventListener('htmx:after:request', () => show(false))
}
