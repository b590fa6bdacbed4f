import type { BrowserContext } from 'playwright-core'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { listen } from '../../src/bootstrap/http/server.ts'
import type { Links } from '../../src/console/view.ts'
import type { AppHarness } from './app-harness.ts'
import { PASSWORD } from './console-session.ts'

/** Serves the console of an application on a port, 0 for a free one, for a browser. It has no Temporal Web UI unless the links name one. */
export function serveConsole(
  app: AppHarness,
  links: Partial<Links> = {},
  port = 0,
): Promise<{ url: string; close(): Promise<void> }> {
  const all = { simulatorUrl: app.simulatorUrl, temporalUiUrl: null, namespace: 'default', ...links }
  const web = createHttpApp(app.services, { adminToken: 'test-admin-token', links: () => all })
  return listen(web, port, '127.0.0.1')
}

/** Adds a user of a role, and signs the pages of a browser context in as this user. @throws Error when one is refused */
export async function signInBrowser(
  context: BrowserContext,
  url: string,
  role: 'viewer' | 'operator',
): Promise<void> {
  const user = { name: `test-${role}`, role, password: PASSWORD }
  const headers = { authorization: 'Bearer test-admin-token' }
  const added = await context.request.post(`${url}/api/users`, { headers, data: user })
  const form = { name: user.name, password: user.password }
  const entered = await context.request.post(`${url}/signin`, { form, maxRedirects: 0 })
  if (!added.ok() || entered.status() !== 302)
    throw new Error(`the user: ${added.status()}, signing in: ${entered.status()}`)
}
