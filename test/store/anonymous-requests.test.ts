import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COST_MAX } from '../attack/anonymous-attacks.ts'
import { refusedCallback } from '../attack/anonymous-requests.ts'
import { compareCost } from '../attack/call-cost.ts'
import { type FuzzTarget, startFuzzTarget } from '../fuzz/fuzz-target.ts'
import { SECRETS } from '../fuzz/malformed-callbacks.ts'

/** The bodies that are read before authentication, with their limits: callbacks (docs/contract.md#3-callbacks) and the sign-in form. */
const OPEN_BODIES = [
  { path: /^\/wechat\/[^/]+$/, method: 'POST', max: 64 * 1024 },
  { path: /^\/signin$/, method: 'POST', max: 16 * 1024 },
]
const CHUNK_BYTES = 16 * 1024
const METHODS_WITH_BODY = ['POST', 'PUT', 'PATCH', 'DELETE']

let server: FuzzTarget
beforeAll(async () => {
  server = await startFuzzTarget()
})
afterAll(() => server?.close())

/** Every registered path, with a value for each parameter. */
function paths(): string[] {
  const filledIn = server.web.routes.map(({ path }) =>
    path.replaceAll(/:\w+(?:\{[^}]*\}+)?/g, 'wxfuzzplain').replaceAll('*', 'any'),
  )
  return [...new Set(filledIn)]
}

/** Sends a large chunked body, and counts the bytes that were read. */
async function send(method: string, path: string, headers: Record<string, string>) {
  let bytesRead = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (bytesRead >= 100 * CHUNK_BYTES) return controller.close()
        bytesRead += CHUNK_BYTES
        controller.enqueue(new Uint8Array(CHUNK_BYTES).fill(32))
      },
    },
    { highWaterMark: 0 },
  )
  const init = { method, body, headers: { 'transfer-encoding': 'chunked', ...headers }, duplex: 'half' }
  const response = await server.web.request(path, init as RequestInit)
  await response.text()
  return { status: response.status, bytesRead }
}

describe('a request without authentication', () => {
  it.each([
    'application/json',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'application/yaml',
  ])('has no byte of its body read, on any route but the two open ones (%s)', async (type) => {
    const wrong: string[] = []
    expect(paths().length).toBeGreaterThan(40)
    for (const path of paths()) {
      for (const method of METHODS_WITH_BODY) {
        const { status, bytesRead } = await send(method, path, { 'content-type': type })
        const max = OPEN_BODIES.find((o) => o.path.test(path) && o.method === method)?.max
        if (bytesRead > (max === undefined ? 0 : max + CHUNK_BYTES) || status < 300 || status >= 500)
          wrong.push(`${method} ${path}: ${bytesRead} bytes read, then ${status}`)
      }
    }
    expect(wrong).toEqual([])
  })
})

describe('a public route', () => {
  it(`costs no more than ${COST_MAX} refused callbacks`, async () => {
    const call = (path: string, init?: RequestInit) => async () => {
      expect((await server.web.request(path, init)).status).toBeLessThan(500)
    }
    const { path: callbackPath, ...callback } = refusedCallback('wxfuzzsecurity')
    const refused = call(callbackPath, callback)
    const routes = [
      ...['/healthz', '/api/openapi.json', '/api/campaign.schema.json', '/signin', '/', '/api/accounts'],
      ...['/metrics', '/assets/console.css', '/assets/htmx.js', '/none.txt', '/wechat', '/nothing'],
    ]
    await refused()
    const expensive: string[] = []
    for (const path of routes) {
      const { ms, ratio } = await compareCost(call(path), refused, 400)
      if (ratio > COST_MAX)
        expensive.push(`${path}: ${ms.toFixed(2)} ms, ${ratio.toFixed(1)} refused callbacks`)
    }
    expect(expensive).toEqual([])
  })

  it('is not cached, apart from assets, which are revalidated each time', async () => {
    for (const path of [
      '/',
      '/signin',
      '/nothing',
      '/healthz',
      '/api/openapi.json',
      '/api/accounts',
      '/wechat/wxfuzzplain',
    ])
      expect((await server.web.request(path)).headers.get('cache-control'), path).toBe('no-store')
    const style = await server.web.request('/assets/console.css')
    expect(style.headers.get('cache-control')).toBe('no-cache')
    const second = await server.web.request('/assets/console.css', {
      headers: { 'if-none-match': style.headers.get('etag') ?? '' },
    })
    expect(second.status).toBe(304)
  })
})

describe('a request with the admin token', () => {
  it.each([
    ['POST', '/api/accounts', 'application/json', 0.25],
    ['POST', '/api/accounts', 'multipart/form-data; boundary=x', 0.25],
    ['POST', '/api/followers/wxfuzzplain/oFuzz/cancel', 'multipart/mixed', 0.25],
    ['PATCH', '/api/accounts/wxfuzzplain', 'text/plain', 0.25],
    ['DELETE', '/api/accounts/wxfuzzplain', 'application/json', 0.25],
    ['POST', '/api/campaigns/preview', 'application/json', 4],
    ['PUT', '/api/campaigns/fuzz', 'multipart/form-data; boundary=x', 1],
    ['POST', '/api/media', 'multipart/form-data; boundary=x', 11],
    ['POST', '/codec/decode', 'application/json', 16],
    ['POST', '/api/nothing', 'application/json', 0.25],
  ])('%s %s as %s is answered 413 above %d MiB', async (method, path, type, mib) => {
    const headers = { 'content-type': type, authorization: `Bearer ${SECRETS.adminToken}` }
    const body = new Uint8Array(mib * 1024 * 1024 + 1).fill(32)
    const response = await server.web.request(path, { method, body, headers })
    expect({ status: response.status, body: await response.json() }).toMatchObject({
      status: 413,
      body: { error: { code: 'too-large' } },
    })
  })
})
