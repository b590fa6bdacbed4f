import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareCost } from '../attack/call-cost.ts'
import { type FuzzTarget, startFuzzTarget } from '../fuzz/fuzz-target.ts'
import { SECRETS } from '../fuzz/malformed-callbacks.ts'

/** What may be read of whoever has not shown who they are: a callback (contract, section 3) and the form of the sign-in. */
const OPEN_BYTES = [
  { path: /^\/wechat\/[^/]+$/, method: 'POST', max: 64 * 1024 },
  { path: /^\/signin$/, method: 'POST', max: 16 * 1024 },
]
const PIECE = 16 * 1024
const SENDING = ['POST', 'PUT', 'PATCH', 'DELETE']

let server: FuzzTarget
beforeAll(async () => {
  server = await startFuzzTarget()
})
afterAll(() => server?.close())

/** Every path that is routed, with something in the place of what varies. */
function paths(): string[] {
  const filled = server.web.routes.map(({ path }) =>
    path.replaceAll(/:\w+(?:\{[^}]*\}+)?/g, 'wxfuzzplain').replaceAll('*', 'any'),
  )
  return [...new Set(filled)]
}

/** A large body that comes piece by piece, and how much of it was taken. */
async function send(method: string, path: string, headers: Record<string, string>) {
  let taken = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (taken >= 100 * PIECE) return controller.close()
        taken += PIECE
        controller.enqueue(new Uint8Array(PIECE).fill(32))
      },
    },
    { highWaterMark: 0 },
  )
  const init = { method, body, headers: { 'transfer-encoding': 'chunked', ...headers }, duplex: 'half' }
  const answer = await server.web.request(path, init as RequestInit)
  await answer.text()
  return { status: answer.status, taken }
}

describe('a request of somebody who has not signed in', () => {
  it.each([
    'application/json',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'application/yaml',
  ])('has no byte of its body read before that, on any route (%s)', async (type) => {
    const wrong: string[] = []
    expect(paths().length).toBeGreaterThan(40)
    for (const path of paths()) {
      for (const method of SENDING) {
        const { status, taken } = await send(method, path, { 'content-type': type })
        const max = OPEN_BYTES.find((o) => o.path.test(path) && o.method === method)?.max
        if (taken > (max === undefined ? 0 : max + PIECE) || status < 300 || status >= 500)
          wrong.push(`${method} ${path}: ${taken} bytes read, then ${status}`)
      }
    }
    expect(wrong).toEqual([])
  })
})

describe('what everybody may ask for', () => {
  it('costs no more than ten refused callbacks', async () => {
    const call = (path: string, init?: RequestInit) => async () => {
      expect((await server.web.request(path, init)).status).toBeLessThan(500)
    }
    const query = 'signature=x&timestamp=1&nonce=2'
    const refused = call(`/wechat/wxfuzzplain?${query}`, { method: 'POST', body: '<xml></xml>' })
    const routes = [
      ...['/healthz', '/api/openapi.json', '/api/campaign.schema.json', '/signin', '/', '/api/accounts'],
      ...['/metrics', '/assets/console.css', '/assets/htmx.js', '/none.txt', '/wechat', '/nothing'],
    ]
    await refused()
    const expensive: string[] = []
    for (const path of routes) {
      const { ms, ratio } = await compareCost(call(path), refused, 1_000)
      if (ratio > 10) expensive.push(`${path}: ${ms.toFixed(2)} ms, ${ratio.toFixed(1)} refused callbacks`)
    }
    expect(expensive).toEqual([])
  })

  it('is kept by no cache but for the files of the pages, which are asked about each time', async () => {
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

describe('a request of an operator', () => {
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
  ])('%s %s as %s may have %d MiB, and is answered 413', async (method, path, type, mib) => {
    const headers = { 'content-type': type, authorization: `Bearer ${SECRETS.adminToken}` }
    const body = new Uint8Array(mib * 1024 * 1024 + 1).fill(32)
    const answer = await server.web.request(path, { method, body, headers })
    expect({ status: answer.status, body: await answer.json() }).toMatchObject({
      status: 413,
      body: { error: { code: 'too-large' } },
    })
  })
})
