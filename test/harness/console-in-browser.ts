import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { listen } from '../../src/bootstrap/http/server.ts'
import type { Links } from '../../src/console/view.ts'
import type { AppHarness } from './app-harness.ts'

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

/** Makes an API token of a role. A browser can sign in with it. */
export async function tokenOf(url: string, role: 'viewer' | 'operator'): Promise<string> {
  const answer = await fetch(`${url}/api/tokens`, {
    method: 'POST',
    headers: { authorization: 'Bearer test-admin-token', 'content-type': 'application/json' },
    body: JSON.stringify({ name: `test-${role}`, role }),
  })
  const { token } = (await answer.json()) as { token?: string }
  if (!token) throw new Error(`no token: ${answer.status}`)
  return token
}
