import type { Context, MiddlewareHandler } from 'hono'

/** A picture without secrets, which the console's pages show (`<img>`), as WeChat's own is shown anywhere. */
const PUBLIC_PICTURE = '/cgi-bin/showqrcode'
/**
 * What a browser sends and a program does not. `Accept-Language` counts most: a browser sends it with every request, and a
 * script can change but not remove it (https://fetch.spec.whatwg.org/#fetching), while under a foreign name without https
 * there is neither `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/: trustworthy addresses alone) nor, for a GET,
 * `Origin`.
 */
const BROWSERS_HEADERS = [
  'origin',
  'referer',
  'cookie',
  'sec-fetch-site',
  'sec-fetch-dest',
  'sec-fetch-user',
  'accept-language',
  'upgrade-insecure-requests',
]

/**
 * Refuses (403) what a page of another site sends or wants to read: the simulator has no sign-in, so its control calls are
 * for its own pages and for programs alone. Two ways are closed: a form or script elsewhere (`Origin`,
 * `Sec-Fetch-Site`), and a foreign name that is made to lead here (DNS rebinding; `Host`). An IP address or `localhost`
 * cannot be rebound. A program sends neither `Origin` nor `Sec-Fetch-Site`; every browser sends `Origin` with a POST
 * (https://fetch.spec.whatwg.org/#origin-header).
 * @param allowedHosts names besides, without ports, in lowercase
 */
export function requireOwnPages(allowedHosts: readonly string[] = []): MiddlewareHandler {
  return async function guard(c, next) {
    const host = hostOfRequest(c)
    if (!isLocal(hostName(host), allowedHosts)) {
      return c.json(
        { error: `The simulator does not answer to the name ${host}. Use 127.0.0.1, or --allow-host.` },
        403,
      )
    }
    if (isRead(c) || isSameSite(c, host)) return next()
    return c.json({ error: 'Only the simulator’s own pages may do this.' }, 403)
  }
}

/**
 * For WeChat's API, which programs alone call, under whatever name they reach the simulator (a container's, a proxy's): what
 * a browser sends there is refused (403) unless it comes from a page of the simulator's or from its user, under a name of
 * this machine's. That holds for GET too: `/cgi-bin/token` makes a token and spends a day's call, `menu/delete` deletes,
 * and under a name that leads here a page would read the answers.
 * @param guard what `ownPagesOnly` made
 * @param isExempt paths that are guarded as pages are
 */
export function guardBrowsers(
  guard: MiddlewareHandler,
  isExempt: (path: string) => boolean,
): MiddlewareHandler {
  return async function guardBrowser(c, next) {
    if (isExempt(c.req.path) || !isOfBrowser(c)) return next()
    if (isRead(c) && c.req.path === PUBLIC_PICTURE) return next()
    if (isSameSite(c, hostOfRequest(c))) return guard(c, next)
    return c.json({ error: "WeChat's API is for programs: a page of another site may not call it." }, 403)
  }
}

/**
 * Refuses (415) changes that are not sent as JSON: a page of another site can send text or a form without asking first,
 * JSON it cannot (https://fetch.spec.whatwg.org/#cors-safelisted-request-header). A request without a body needs no type.
 */
export function requireJson(): MiddlewareHandler {
  return async function takesJson(c, next) {
    if (isRead(c)) return next()
    const type = c.req.header('content-type')
    const isEmpty = !Number(c.req.header('content-length') ?? 0) && !c.req.header('transfer-encoding')
    if (type === undefined ? isEmpty : /^application\/json\s*(;|$)/i.test(type)) return next()
    return c.json({ error: 'Send JSON: the header content-type: application/json is missing.' }, 415)
  }
}

function isOfBrowser(c: Context): boolean {
  const has = (name: string) => c.req.header(name) !== undefined
  // Node's fetch names a mode and a language, but never a site; a browser that names the mode names the site too.
  if (has('sec-fetch-mode') && !has('sec-fetch-site')) return has('origin') || has('referer') || has('cookie')
  return (
    BROWSERS_HEADERS.some(has) ||
    /^Mozilla\//i.test(c.req.header('user-agent') ?? '') ||
    /application\/xhtml\+xml/i.test(c.req.header('accept') ?? '')
  )
}

function isRead(c: Context): boolean {
  return c.req.method === 'GET' || c.req.method === 'HEAD'
}

function hostOfRequest(c: Context): string {
  return (c.req.header('host') ?? new URL(c.req.url).host).toLowerCase()
}

function isSameSite(c: Context, host: string): boolean {
  const site = c.req.header('sec-fetch-site')
  const origin = c.req.header('origin')
  // A page with the referrer policy no-referrer sends `Origin: null` with its own forms; then the browser's word counts.
  if (site === 'same-origin') return true
  // Who names no site may name the page: browsers of before 2023, and all of them where the address is not trustworthy.
  const from = origin || c.req.header('referer')
  return (site === undefined || site === 'none') && (!from || hostOf(from) === host)
}

function isLocal(name: string, allowed: readonly string[]): boolean {
  const isAddress = /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || name.startsWith('[')
  return isAddress || name === 'localhost' || name.endsWith('.localhost') || allowed.includes(name)
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, '')
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null
}
