// The script of pages that change by themselves, with the extension `hx-sse` of htmx.

/** The part of htmx that this script uses. */
declare const htmx: {
  ajax(method: string, url: string, options: Record<string, unknown>): Promise<unknown>
}

const STALE_MS = 10_000
const CHECK_MS = 1_000

const source = document.getElementById('live')
if (source) watch(source)

function watch(source: HTMLElement): void {
  let lastMessageAt = Date.now()
  /** Whether the feed has missed something while it stood still. */
  let missed = false
  let isPaused = false

  const alive = () => {
    lastMessageAt = Date.now()
    showStale(null)
  }
  source.addEventListener('htmx:sse:before:message', () => {
    const feed = document.querySelector('[data-feed]')
    if (!feed) return
    const stands = isPaused || isRead(feed)
    feed.toggleAttribute('hx-morph-skip', stands)
    if (stands) missed = true
  })
  source.addEventListener('htmx:sse:after:message', alive)
  // The page asks for a sign-in, and comes back after it.
  source.addEventListener('signed-out', () => location.reload())
  document.addEventListener('visibilitychange', () => {
    // The stream was closed while nobody saw the page.
    lastMessageAt = Date.now()
  })
  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('[data-pause-feed]') : null
    if (!(button instanceof HTMLElement)) return
    isPaused = !isPaused
    pauseButton(button, isPaused)
  })
  setInterval(() => {
    const feed = document.querySelector('[data-feed]')
    if (missed && feed && !isPaused && !isRead(feed)) {
      missed = false
      feed.removeAttribute('hx-morph-skip')
      void htmx.ajax('GET', location.href, {
        source: feed,
        target: '[data-feed]',
        select: '[data-feed]',
        swap: 'outerMorph',
      })
    }
    if (!document.hidden && Date.now() - lastMessageAt > STALE_MS) showStale(source.dataset.stale ?? '')
  }, CHECK_MS)
}

/** The feed stands still while the pointer or the focus is in it. Screens without a pointer have none. */
function isRead(feed: Element): boolean {
  return feed.matches(':focus-within') || (matchMedia('(hover: hover)').matches && feed.matches(':hover'))
}

function pauseButton(button: HTMLElement, isPaused: boolean): void {
  button.setAttribute('aria-pressed', String(isPaused))
}

/** @param text with `{time}` for the time of the data; null: the data is fresh */
function showStale(text: string | null): void {
  const note = document.getElementById('live-stale')
  document.body.classList.toggle('is-stale', text !== null)
  if (!note) return
  note.hidden = text === null
  const line = note.querySelector('span')
  const time = document.querySelector('#overview-live time')?.getAttribute('data-time') ?? ''
  const said = text?.replace('{time}', time) ?? ''
  // The same text again would be said again.
  if (line && line.textContent !== said) line.textContent = said
}
