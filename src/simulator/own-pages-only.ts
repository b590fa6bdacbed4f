import type { Context, MiddlewareHandler } from 'hono'

/**
 * Refuses (403) what a page of another site sends or wants to read: the simulator has no sign-in, so its control calls are
 * for its own pages and for programs alone. Two ways are closed: a form or script elsewhere (`Origin`,
 * `Sec-Fetch-Site`), and a foreign name that is made to lead here (DNS rebinding; `Host`). An IP address or `localhost`
 * cannot be rebound. A program sends neither `Origin` nor `Sec-Fetch-Site`; every browser sends `Origin` with a POST
 * (https://fetch.spec.whatwg.org/#origin-header).
 * @param allowedHosts names besides, without ports, in lowercase
 */
export function ownPagesOnly(allowedHosts: readonly string[] = []): MiddlewareHandler {
  return async function guard(c, next) {
    const host = hostOfRequest(c)
    if (!isLocal(hostName(host), allowedHosts)) {
      return c.json(
        { error: `The simulator does not answer to the name ${host}. Use 127.0.0.1, or --allow-host.` },
        403,
      )
    }
    if (isRead(c) || isOurs(c, host)) return next()
    return c.json({ error: 'Only the simulator’s own pages may do this.' }, 403)
  }
}

/**
 * For WeChat's API, which programs alone call, under whatever name they reach the simulator: what a browser sends there is
 * no page of the simulator's, or it is guarded as one. Reads are answered to all; another site's page sees no answer.
 * @param guard what `ownPagesOnly` made
 */
export function guardBrowsers(guard: MiddlewareHandler): MiddlewareHandler {
  return async function guardBrowser(c, next) {
    const isBrowser = c.req.header('origin') !== undefined || c.req.header('sec-fetch-site') !== undefined
    return isBrowser && !isRead(c) ? guard(c, next) : next()
  }
}

/**
 * Refuses (415) changes that are not sent as JSON: a page of another site can send text or a form without asking first,
 * JSON it cannot (https://fetch.spec.whatwg.org/#cors-safelisted-request-header). A request without a body needs no type.
 */
export function jsonOnly(): MiddlewareHandler {
  return async function takesJson(c, next) {
    if (isRead(c)) return next()
    const type = c.req.header('content-type')
    const isEmpty = !Number(c.req.header('content-length') ?? 0) && !c.req.header('transfer-encoding')
    if (type === undefined ? isEmpty : /^application\/json\s*(;|$)/i.test(type)) return next()
    return c.json({ error: 'Send JSON: the header content-type: application/json is missing.' }, 415)
  }
}

function isRead(c: Context): boolean {
  return c.req.method === 'GET' || c.req.method === 'HEAD'
}

function hostOfRequest(c: Context): string {
  return (c.req.header('host') ?? new URL(c.req.url).host).toLowerCase()
}

function isOurs(c: Context, host: string): boolean {
  const site = c.req.header('sec-fetch-site')
  const origin = c.req.header('origin')
  // A page with the referrer policy no-referrer sends `Origin: null` with its own forms; then the browser's word counts.
  if (site === 'same-origin') return true
  return (site === undefined || site === 'none') && (!origin || hostOf(origin) === host)
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
