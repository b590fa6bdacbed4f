import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Auth } from '../auth/auth.ts'

/** A form that was left open for longer than this begins at the overview. */
const KEPT_S = 30 * 60
const LENGTH_MAX = 1_000
/** A path of this server. Browsers read `//` and `/\` as another host. */
const OWN_PATH = /^\/(?![/\\])[\x21-\x7e]*$/

/**
 * Keeps the page that a browser asks for, or that htmx refreshes, so that it is shown after the sign-in. Every page is kept, whether it
 * exists or not, so that the answer tells nothing.
 */
export function keepReturnPath(c: Context, { client, cookies }: Auth): void {
  const path = askedPath(c)
  if (path === null) return
  setCookie(c, cookies.returnPath, path, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    secure: client(c).https,
    maxAge: KEPT_S,
  })
}

/** The page to show after a sign-in: the one that was asked for, once; otherwise the overview. */
export function takeReturnPath(c: Context, { client, cookies }: Auth): string {
  const kept = getCookie(c, cookies.returnPath)
  if (kept === undefined) return '/'
  deleteCookie(c, cookies.returnPath, { path: '/', secure: client(c).https })
  return isOwnPath(kept) ? kept : '/'
}

function askedPath(c: Context): string | null {
  const current = c.req.header('hx-current-url')
  if (current === undefined && (c.req.method !== 'GET' || c.req.header('sec-fetch-dest') === 'empty'))
    return null
  const asked = current ?? c.req.url
  if (!URL.canParse(asked)) return null
  const { pathname, search } = new URL(asked)
  const path = `${pathname}${search}`
  return isOwnPath(path) ? path : null
}

const isOwnPath = (path: string) => path.length <= LENGTH_MAX && OWN_PATH.test(path)
