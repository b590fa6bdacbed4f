import type { Context } from 'hono'
import { deleteCookie, setCookie } from 'hono/cookie'
import type { Auth } from '../auth/auth.ts'

/** Sets a cookie of the sign-in, which scripts and other sites cannot use. @param maxAge in seconds; absent: until the browser ends */
export function setAuthCookie(
  c: Context,
  { client }: Auth,
  name: string,
  value: string,
  maxAge?: number,
): void {
  setCookie(c, name, value, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    secure: client(c).https,
    ...(maxAge === undefined ? {} : { maxAge }),
  })
}

/** Deletes such a cookie. A browser deletes a `__Host-` cookie only if Secure is set, as when it was created. */
export function deleteAuthCookie(c: Context, { client }: Auth, name: string): void {
  deleteCookie(c, name, { path: '/', secure: client(c).https })
}
