import { request as httpRequest } from 'node:http'
import type { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { type Listening, listen } from '../../src/bootstrap/http/server.ts'
import type { Services } from '../../src/bootstrap/services.ts'
import { HOUR_MS, MINUTE_MS } from '../../src/shared/time-units.ts'
import type { Store } from '../../src/store/db.ts'
import { inbox } from '../../src/store/schema.ts'
import { SHOP } from '../fixtures/shop-runs.ts'
import { testAccount } from '../fixtures/test-account.ts'
import { signIn } from '../harness/console-session.ts'
import { createOfflineServices, NOWHERE } from '../harness/offline-services.ts'
import { waitFor } from '../harness/wait-for.ts'

const ADMIN_TOKEN = `test-token-${NOWHERE}`
const APP = 'wxdryrunstopped1'
/** Twenty pages of followers. */
const FOLLOWERS = 1_000
/** Part of the statement that reads a page of followers. */
const PAGE_STATEMENT = 'select distinct "open_id" from "inbox"'
const NOW = Date.now()
const from = new Date(NOW - HOUR_MS).toISOString()

let services: Services
let store: Store
let web: Hono
let server: Listening
/** Statements of the dry runs, and what happens when a page is read. */
let pages = 0
let onPage = () => {}
beforeAll(async () => {
  const made = await createOfflineServices({
    onStatement: (statement) => {
      if (!statement.includes(PAGE_STATEMENT)) return
      pages += 1
      onPage()
    },
  })
  services = made.services
  store = made.store
  const links = { simulatorUrl: null, temporalUiUrl: null, namespace: 'default' }
  web = createHttpApp(services, { adminToken: ADMIN_TOKEN, links: () => links })
  server = await listen(web, 0, '127.0.0.1')
  await services.campaigns.publish(JSON.stringify(SHOP), SHOP, [])
  await services.accounts.add(testAccount({ appId: APP }))
  const follow = (n: number) => ({
    ...{ appId: APP, openId: `oStopped${n}`, dedupeKey: `stopped-${n}`, kind: 'subscribe' },
    ...{ createTime: NOW - MINUTE_MS, receivedAt: NOW - MINUTE_MS, dispatchedAt: NOW - MINUTE_MS, event: {} },
  })
  await store.db.insert(inbox).values(Array.from({ length: FOLLOWERS }, (_, n) => follow(n) as never))
})
afterAll(async () => {
  await server?.close()
  await services?.temporal.close()
  await store?.close()
})

const JSON_HEADERS = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
const bodyOf = (more: object = {}) => JSON.stringify({ campaign: 'shop', account: APP, from, ...more })

/** Another dry run, of one follower: refused while one works. */
async function playOne(): Promise<number> {
  const init = { method: 'POST', headers: JSON_HEADERS, body: bodyOf({ limit: 1 }) }
  return (await web.request('/api/campaigns/dry-run', init)).status
}

/** Sends a request whose client leaves while a page is read. Resolves when it has left. */
async function leaveAt(
  page: number,
  path: string,
  { headers, body }: { headers: Record<string, string>; body: string },
): Promise<void> {
  const sent = httpRequest(`${server.url}${path}`, { method: 'POST', headers })
  const left = new Promise<void>((resolve, reject) => {
    sent.on('close', resolve)
    sent.on('response', ({ statusCode }) => reject(new Error(`answered with ${statusCode}`)))
  })
  sent.on('error', () => {})
  const before = pages
  onPage = () => {
    if (pages - before === page) sent.destroy()
  }
  sent.end(body)
  await left
}

describe('a dry run that works', () => {
  const clients = [
    ['/api', '/api/campaigns/dry-run', async () => ({ headers: JSON_HEADERS, body: bodyOf() })],
    [
      "the console's page",
      '/campaigns/shop/dry-run',
      async () => {
        const cookie = (await signIn(web, { token: ADMIN_TOKEN })) ?? ''
        const time = new Date(NOW - HOUR_MS + 8 * HOUR_MS).toISOString().slice(0, 16)
        const until = new Date(NOW + 9 * HOUR_MS).toISOString().slice(0, 16)
        const fields = { version: 'live', account: APP, from: time, to: until }
        const headers = { cookie, origin: server.url, 'content-type': 'application/x-www-form-urlencoded' }
        return { headers, body: String(new URLSearchParams(fields)) }
      },
    ],
  ] as const

  it.each(clients)('stops when the client of %s leaves, and reads no more', async (_, path, request) => {
    const before = pages
    await leaveAt(3, path, await request())
    // It works until it notices, and then makes room for the next one.
    await waitFor(playOne, { until: (status) => status === 200 })
    const read = pages - before
    expect(read).toBeGreaterThan(3)
    expect(read).toBeLessThan(10)
    expect(await playOne()).toBe(200)
    expect(pages - before).toBe(read + 1)
  })

  it('reads nothing when its client has left before', async () => {
    const before = pages
    const signal = AbortSignal.abort()
    const init = { method: 'POST', headers: JSON_HEADERS, body: bodyOf(), signal }
    const answer = await web.request(new Request('http://test.internal/api/campaigns/dry-run', init))
    expect([answer.status, pages]).toEqual([408, before])
  })
})
