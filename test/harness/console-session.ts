import type { Hono } from 'hono'
import type { ApiHarness } from './api-harness.ts'

/** The password of the users that tests add. */
export const PASSWORD = 'Mir9-test-of-the-tallship'

type Credentials = { token: string } | { name: string; password: string }

/** The first cookie that a response sets, as a request sends it; '' without one. */
export function cookieOf(response: Response): string {
  return response.headers.get('set-cookie')?.split(';')[0] ?? ''
}

/** Signs in to the console by its form. Returns the session's cookie; null when the console refuses. */
export async function signIn(web: Hono, credentials: Credentials): Promise<string | null> {
  const body = new URLSearchParams({ ...credentials })
  const response = await web.request('/signin', { method: 'POST', body })
  return response.status === 302 ? cookieOf(response) : null
}

/** Adds a user for each role, named like the role, and signs each of them in. @throws Error when one is refused */
export async function signInAs<R extends string>(
  api: ApiHarness,
  roles: readonly R[],
): Promise<Record<R, string>> {
  const cookies: [R, string][] = []
  for (const role of roles) {
    await api.call('POST', '/api/users', { json: { name: role, role, password: PASSWORD } })
    const cookie = await signIn(api.web, { name: role, password: PASSWORD })
    if (!cookie) throw new Error(`the console refused the user of the role ${role}`)
    cookies.push([role, cookie])
  }
  return Object.fromEntries(cookies) as Record<R, string>
}
