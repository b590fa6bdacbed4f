import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Auth } from '../auth/auth.ts'
import { isOwnPath } from '../ui/own-path.ts'
import { deleteAuthCookie, setAuthCookie } from './auth-cookies.ts'

/** A form that was left open for longer than this begins at the overview. */
const KEPT_S = 30 * 60
const LENGTH_MAX = 1_000

/**
 * Keeps the page that a browser asks for, or that htmx refreshes, so that it is shown after the sign-in. Every page is kept, whether it
 * exists or not, so that the answer tells nothing.
 */
export function keepReturnPath(c: Context, auth: Auth): void {
  const path = askedPath(c)
  if (path !== null) setAuthCookie(c, auth, auth.cookies.returnPath, path, KEPT_S)
}

/** The page to show after a sign-in: the one that was asked for, once; otherwise the overview. */
export function takeReturnPath(c: Context, auth: Auth): string {
  const kept = getCookie(c, auth.cookies.returnPath)
  if (kept === undefined) return '/'
  deleteAuthCookie(c, auth, auth.cookies.returnPath)
  return canReturnTo(kept) ? kept : '/'
}

function askedPath(c: Context): string | null {
  const current = c.req.header('hx-current-url')
  if (current === undefined && (c.req.method !== 'GET' || c.req.header('sec-fetch-dest') === 'empty'))
    return null
  const asked = current ?? c.req.url
  if (!URL.canParse(asked)) return null
  const { pathname, search } = new URL(asked)
  const path = `${pathname}${search}`
  return canReturnTo(path) ? path : null
}

const canReturnTo = (path: string) => path.length <= LENGTH_MAX && isOwnPath(path)
