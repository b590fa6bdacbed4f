import type { Hono } from 'hono'
import { expect, inject } from 'vitest'
import type { NewAccount } from '../../src/store/accounts/account.ts'
import { type AppHarness, startAppHarness } from './app-harness.ts'
import { waitFor } from './wait-for.ts'

export const ADMIN_TOKEN = 'test-token-of-the-admin'

/** Secrets that no response may contain. `ApiHarness.addAccount` and the tests register every account with them. */
export const SECRETS = {
  appSecret: 'test-app-secret-5d1f8e',
  token: 'test_callback_token_7c3a',
  encodingAesKey: 'TestAesKey1TestAesKey2TestAesKey3TestAesKe8',
}

export interface Answer<T = unknown> {
  status: number
  headers: Headers
  text: string
  /** The JSON body; null when the response is not JSON. */
  body: T
}

interface CallOptions {
  /** Sent as JSON. */
  json?: unknown
  /** Sent unchanged, with `type` as the content type. */
  raw?: string | FormData | Uint8Array<ArrayBuffer>
  type?: string
  headers?: Record<string, string>
  /** null: without a token. */
  token?: string | null
}

/** The whole product, called through its HTTP API as by an operator's script. */
export interface ApiHarness {
  app: AppHarness
  readonly web: Hono
  /** Calls the API. Fails when the response contains a secret. */
  call<T = unknown>(method: string, path: string, options?: CallOptions): Promise<Answer<T>>
  get<T = unknown>(path: string): Promise<Answer<T>>
  put(yaml: string, query?: string): Promise<Answer<Published>>
  /** Requests a path until its body satisfies `ready`, and returns the body. */
  waitForBody<T>(path: string, ready: (body: T) => boolean): Promise<T>
  addAccount(account: Partial<NewAccount> & { appId: string }): Promise<void>
  close(): Promise<void>
}

export interface Published {
  id: string
  version: number
  warnings: { path: string; message: string }[]
}

export interface Page<T> {
  items: T[]
  next: string | null
}

export interface ErrorBody {
  error: {
    code: string
    message: string
    issues?: { path: string; message: string; line?: number; column?: number }[]
  }
}

export interface AccountBody {
  appId: string
  name: string
  mode: string
  rules: string
  state: string
  stateReason: string | null
  stateSince: string
}

export interface FollowerBody {
  appId: string
  openId: string
  runId: string | null
  campaign: string
  version: number
  status: string
  outcome: string | null
  reason: string | null
  startedAt: string
  endedAt: string | null
  window: { closesAt: string }
  ledger: { scene: string; grantedAt: string; expiresAt: string; quota: number; used: number }[]
  steps: {
    id: string
    state: string
    dueAt: string | null
    sentAt: string | null
    reason: string | null
    errcode: number | null
  }[]
  forks?: {
    id: string
    state: string
    waitsFor: { branch: string; on: object[] }[]
    until: string | null
    took: string | null
    takenAt: string | null
    reason: string | null
  }[]
}

export async function startApiHarness(
  options: Partial<Parameters<typeof startAppHarness>[0]> = {},
): Promise<ApiHarness> {
  const app = await startAppHarness({
    temporalAddress: inject('temporalAddress'),
    adminToken: ADMIN_TOKEN,
    ...options,
  })

  const call = async <T>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> => {
    const { json, raw, type, token = ADMIN_TOKEN } = options
    const headers = new Headers(options.headers)
    if (token !== null) headers.set('authorization', `Bearer ${token}`)
    if (json !== undefined) headers.set('content-type', 'application/json')
    if (type) headers.set('content-type', type)
    const payload = json === undefined ? raw : JSON.stringify(json)
    const response = await app.web.request(path, {
      method,
      headers,
      ...(payload === undefined ? {} : { body: payload }),
    })
    const text = await response.text()
    expectNoSecrets(text, response.headers)
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    const body = (isJson ? JSON.parse(text) : null) as T
    return { status: response.status, headers: response.headers, text, body }
  }
  const get = <T>(path: string) => call<T>('GET', path)

  return {
    app,
    get web() {
      return app.web
    },
    call,
    get,
    put: (yaml, query = '') => {
      const id = /^id: (\S+)$/m.exec(yaml)?.[1] ?? 'none'
      return call('PUT', `/api/campaigns/${id}${query}`, { raw: yaml, type: 'application/yaml' })
    },
    async waitForBody<T>(path: string, ready: (body: T) => boolean) {
      const isReady = ({ status, body }: Answer<T>) => status === 200 && ready(body)
      const { body } = await waitFor(() => get<T>(path), { until: isReady })
      return body
    },
    addAccount: (account) => app.addAccount({ ...SECRETS, ...account }),
    close: () => app.close(),
  }
}

/** Fails when a response contains a secret of an account, the admin token or the store's key. */
export function expectNoSecrets(text: string, headers: Headers): void {
  const shown = `${text}\n${JSON.stringify([...headers])}`
  for (const secret of [...Object.values(SECRETS), ADMIN_TOKEN, 'test-encryption-key']) {
    expect(shown).not.toContain(secret)
  }
}

/** A campaign file in YAML. `steps` are lines such as `{ id: a, after: 20s, send: { text: hi } }`. */
export function campaignYaml(id: string, steps: string[], more: string[] = []): string {
  const lines = [`id: ${id}`, `name: 测试 ${id}`, ...more]
  if (!more.some((l) => l.startsWith('entry:'))) lines.push('entry: { event: subscribe }')
  return `${lines.join('\n')}\nsteps:\n${steps.map((s) => `  - ${s}\n`).join('')}`
}
