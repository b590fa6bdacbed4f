import type { Context, MiddlewareHandler } from 'hono'

/** A public image that the console's pages embed (`<img>`), as any page may embed WeChat's own. */
const PUBLIC_PICTURE = '/cgi-bin/showqrcode'
/**
 * Headers that browsers send and programs do not. `Accept-Language` matters most: a browser sends it with every request,
 * and a script can change but not remove it (https://fetch.spec.whatwg.org/#fetching). Under a foreign host name without
 * https, a browser sends no `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/: trustworthy URLs only), and no
 * `Origin` with a GET.
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
 * Refuses (403) requests that another site's page sends. The simulator has no sign-in, so its control calls are for its
 * own pages and for programs. The guard closes two ways in: a form or script on another site (`Origin`, `Sec-Fetch-Site`),
 * and a foreign host name that resolves to this machine (DNS rebinding; `Host`). An IP address and `localhost` cannot be
 * rebound. A program sends neither `Origin` nor `Sec-Fetch-Site`. Every browser sends `Origin` with a POST
 * (https://fetch.spec.whatwg.org/#origin-header).
 * @param allowedHosts additional host names, without ports, in lowercase
 */
export function requireOwnPages(allowedHosts: readonly string[] = []): MiddlewareHandler {
  return async function guard(c, next) {
    const host = hostOfRequest(c)
    if (!isLocal(hostName(host), allowedHosts)) {
      return c.json(
        {
          error: `The simulator does not serve the host name ${host}. Use 127.0.0.1, or allow the name with --allow-host.`,
        },
        403,
      )
    }
    if (isRead(c) || isSameSite(c, host)) return next()
    return c.json(
      { error: 'Another site may not send this request. Use the simulator’s own pages, or a program.' },
      403,
    )
  }
}

/**
 * Protects WeChat's API, which only programs call, under any host name that reaches the simulator (a container's, a
 * proxy's). Refuses (403) browser requests, except those of the simulator's own pages and of the user, under a host name
 * of this machine. GET is refused too: `/cgi-bin/token` creates a token and uses up one of the day's calls, and
 * `menu/delete` deletes. Under a rebound host name a page could also read the answers.
 * @param guard the middleware of `requireOwnPages`
 * @param isExempt whether the page guard protects this path already
 */
export function guardBrowsers(
  guard: MiddlewareHandler,
  isExempt: (path: string) => boolean,
): MiddlewareHandler {
  return async function guardBrowserRequest(c, next) {
    if (isExempt(c.req.path) || !isOfBrowser(c)) return next()
    if (isRead(c) && c.req.path === PUBLIC_PICTURE) return next()
    if (isSameSite(c, hostOfRequest(c))) return guard(c, next)
    return c.json({ error: "WeChat's API is for programs. A page of another site may not call it." }, 403)
  }
}

/**
 * Refuses (415) changes that are not sent as JSON. A page of another site can send text or a form without a preflight
 * request, but not JSON (https://fetch.spec.whatwg.org/#cors-safelisted-request-header). A request without a body needs
 * no content type.
 */
export function requireJson(): MiddlewareHandler {
  return async function checkContentType(c, next) {
    if (isRead(c)) return next()
    const type = c.req.header('content-type')
    const isEmpty = !Number(c.req.header('content-length') ?? 0) && !c.req.header('transfer-encoding')
    if (type === undefined ? isEmpty : /^application\/json\s*(;|$)/i.test(type)) return next()
    return c.json({ error: 'Send JSON: the header content-type: application/json is missing.' }, 415)
  }
}

function isOfBrowser(c: Context): boolean {
  const has = (name: string) => c.req.header(name) !== undefined
  // Node's fetch sends a mode and a language, but never a site. A browser that sends the mode sends the site too.
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
  // A page with the referrer policy no-referrer sends `Origin: null` with its own forms. `Sec-Fetch-Site` decides then.
  if (site === 'same-origin') return true
  // Without a site, the origin or the referrer decides: browsers before 2023, and every browser on an untrustworthy URL.
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
