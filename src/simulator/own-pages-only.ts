import type { MiddlewareHandler } from 'hono'

/**
 * Refuses (403) what a page of another site sends or wants to read: the simulator has no sign-in, so its control calls are
 * for its own pages and for programs alone. Two ways are closed: a form or script elsewhere (`Origin`,
 * `Sec-Fetch-Site`), and a foreign name that is made to lead here (DNS rebinding; `Host`). An IP address or `localhost`
 * cannot be rebound.
 * @param allowedHosts names besides, without ports, in lowercase
 */
export function ownPagesOnly(allowedHosts: readonly string[] = []): MiddlewareHandler {
  return async function guard(c, next) {
    const here = new URL(c.req.url)
    const host = c.req.header('host') ?? here.host
    if (!isLocal(hostName(host), allowedHosts)) {
      return c.json(
        { error: `The simulator does not answer to the name ${host}. Use 127.0.0.1, or --allow-host.` },
        403,
      )
    }
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    const site = c.req.header('sec-fetch-site')
    const origin = c.req.header('origin')
    // A page with the referrer policy no-referrer sends `Origin: null` with its own forms; then the browser's word counts.
    const isOurs = site === undefined ? !origin || hostOf(origin) === host : site === 'same-origin'
    if (isOurs || site === 'none') return next()
    return c.json({ error: 'Only the simulator’s own pages may do this.' }, 403)
  }
}

function isLocal(name: string, allowed: readonly string[]): boolean {
  const isAddress = /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || name.startsWith('[')
  return isAddress || name === 'localhost' || name.endsWith('.localhost') || allowed.includes(name)
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase()
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null
}
