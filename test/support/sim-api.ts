import { createSimulator, type SimulatorOptions } from '../../src/simulator/index.ts'
import type { AccountOptions } from '../../src/simulator/model.ts'

export const SIM_APP = 'wxtest0000000001'
export const SIM_T0 = Date.parse('2026-11-23T08:00:00Z')

/** A simulator whose API a test calls with a good token, without a network. No server gets its callbacks. */
export async function simApi(account: Partial<AccountOptions> = {}, options: SimulatorOptions = {}) {
  const simulator = createSimulator({ now: () => SIM_T0, ...options })
  simulator.addAccount({
    appId: SIM_APP,
    appSecret: 'test-secret',
    token: 'test-token',
    mode: 'plain',
    format: 'json',
    originalId: 'gh_test',
    callbackUrl: null,
    ...account,
  })
  const issued = await simulator.app.request('/cgi-bin/stable_token', {
    method: 'POST',
    body: JSON.stringify({ grant_type: 'client_credential', appid: SIM_APP, secret: 'test-secret' }),
  })
  const { access_token: token } = (await issued.json()) as { access_token: string }

  /** `path` like `cgi-bin/user/get?next_openid=` */
  function request(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Response> {
    const url = `http://sim.localhost/${path}${path.includes('?') ? '&' : '?'}access_token=${token}`
    const content = body === undefined || body instanceof FormData ? body : JSON.stringify(body)
    return Promise.resolve(
      simulator.app.request(url, { method, ...(content === undefined ? {} : { body: content }) }),
    )
  }
  const json = async (answer: Response) => (await answer.json()) as Record<string, unknown>
  return {
    simulator,
    sim: simulator.account(SIM_APP),
    state: simulator.world.account(SIM_APP),
    token,
    request,
    get: async (path: string) => json(await request('GET', path)),
    post: async (path: string, body: unknown) => json(await request('POST', path, body)),
  }
}

/** A form with one file, as SDKs upload it. */
export function fileForm(
  name: string,
  content: Uint8Array<ArrayBuffer>,
  more: Record<string, string> = {},
): FormData {
  const form = new FormData()
  form.set('media', new File([content], name, { type: 'image/png' }))
  for (const [key, value] of Object.entries(more)) form.set(key, value)
  return form
}
