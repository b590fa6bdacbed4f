import { connect, type Socket } from 'node:net'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { type Listening, listen } from '../bootstrap/http/server.ts'
import { envelope } from '../simulator/callbacks/envelope.ts'
import { newAccount } from '../simulator/state/model.ts'
import type { Accepted, NewInboxRow } from '../store/inbox/inbox-rows.ts'
import { signatureOf } from '../wechat/callback/crypto.ts'
import { createAdmissionControl } from './admission/admission-control.ts'
import { createCallbackApp } from './callback-app.ts'
import type { CallbackDeps, ReceivingAccount } from './callback-deps.ts'

const APP = 'wxtest0000000001'
const TOKEN = 'test-token'
const LIMITS = {
  ...{
    concurrent: 4,
    unauthenticated: 2,
    unauthenticatedBytes: 256 * 1024,
    bodyBytes: 256 * 1024,
    queueHighWater: 100,
  },
  ...{ readers: 8, readerBytes: 256 * 1024, readersPerSignature: 2 },
}
const servers: Listening[] = []
const sockets: Socket[] = []
afterEach(async () => {
  for (const s of sockets.splice(0)) s.destroy()
  for (const s of servers.splice(0)) await s.close()
})

/** A callback server on a real port. Its store finishes an event when the test calls `stored`. */
async function startServer(limits = LIMITS, deps: Partial<CallbackDeps> = {}) {
  const account: ReceivingAccount = {
    appId: APP,
    mode: 'plain',
    token: TOKEN,
    encodingAesKey: null,
    name: '',
    timezone: 'UTC',
    variables: {},
    humanAgents: false,
  }
  const waiting: { row: NewInboxRow; stored(): void }[] = []
  const observed = { waiting: 0, shed: 0, lines: [] as string[], counted: [] as string[] }
  const app = createCallbackApp({
    findAccount: async (appId) => (appId === APP ? account : null),
    match: () => ({ start: null, reply: null }),
    accept: (row) =>
      new Promise<Accepted>((resolve) => {
        waiting.push({ row, stored: () => resolve({ fresh: true, id: waiting.length, reply: row.reply }) })
      }),
    wakeDispatcher: () => {},
    onReceived: () => {},
    now: Date.now,
    maxAgeMs: 600_000,
    log: pino({ base: undefined }, { write: (line: string) => observed.lines.push(line) }),
    count: (result) => observed.counted.push(result),
    admission: createAdmissionControl((n) => {
      observed.waiting = n
    }, limits),
    onShed: () => {
      observed.shed += 1
    },
    ...deps,
  })
  const server = await listen(app, 0, '127.0.0.1')
  servers.push(server)
  const wechat = newAccount({ appId: APP, appSecret: 's', token: TOKEN, mode: 'plain', callbackUrl: '' })
  const sealed = (openId: string) =>
    envelope(
      wechat,
      { ToUserName: 'gh', FromUserName: openId, CreateTime: 1, MsgType: 'event', Event: 'subscribe' },
      Math.floor(Date.now() / 1000),
    )
  const follow = (openId: string) => {
    const { query, body } = sealed(openId)
    return fetch(`${server.url}/wechat/${APP}?${query}`, { method: 'POST', body }).then((r) => r.status)
  }
  /** Sends the beginning of a request over its own socket. `answer` returns the received bytes. */
  const raw = (text: string) => {
    const socket = connect(server.port, '127.0.0.1')
    sockets.push(socket)
    let answer = ''
    socket.on('data', (d) => {
      answer += d
    })
    socket.on('error', () => {})
    socket.write(text)
    return { answer: () => answer, socket }
  }
  return { waiting, observed, follow, sealed, raw, server }
}

/** Lookups of accounts that are not in memory. They end when the test calls `answer`. */
function pendingLookups() {
  const requested: string[] = []
  const found: ((account: null) => void)[] = []
  const findAccount: CallbackDeps['findAccount'] = (appId) => {
    requested.push(appId)
    return new Promise((resolve) => found.push(resolve))
  }
  const answer = () => {
    for (const resolve of found.splice(0)) resolve(null)
  }
  return { requested, answer, findAccount, isCached: (appId: string) => appId === APP }
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('more callbacks than the store accepts', () => {
  it('wait up to the limit; another one is answered 500 immediately, and the waiting ones are stored', async () => {
    const server = await startServer()
    const answers = ['o1', 'o2', 'o3', 'o4'].map(server.follow)
    await until(() => server.observed.waiting === 4 && server.waiting.length === 4)
    expect(await server.follow('o5')).toBe(500)
    expect(server.observed).toMatchObject({ shed: 1, waiting: 4, counted: ['failed'] })
    for (const w of server.waiting) w.stored()
    expect(await Promise.all(answers)).toEqual([200, 200, 200, 200])
    expect(server.observed.waiting).toBe(0)
    const retry = server.follow('o5')
    await until(() => server.waiting.length === 5)
    server.waiting[4]?.stored()
    expect(await retry).toBe(200)
  })

  it('write few log lines when many are shed', async () => {
    const server = await startServer()
    for (const o of ['o1', 'o2', 'o3', 'o4']) void server.follow(o).catch(() => {})
    await until(() => server.waiting.length === 4)
    const shed = await Promise.all(Array.from({ length: 100 }, (_, i) => server.follow(`oShed${i}`)))
    expect(new Set(shed)).toEqual(new Set([500]))
    expect(server.observed.shed).toBe(100)
    expect(server.observed.lines.length).toBeLessThan(5)
  })

  it('are shed before their bodies arrive', async () => {
    const server = await startServer()
    for (const o of ['o1', 'o2', 'o3', 'o4']) void server.follow(o).catch(() => {})
    await until(() => server.waiting.length === 4)
    const { answer } = server.raw(
      `POST /wechat/${APP} HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n<xml>`,
    )
    await until(() => answer().startsWith('HTTP/1.1 500'))
  })
})

describe('unauthenticated clients that keep requests open', () => {
  const half = `POST /wechat/${APP}?signature=0&timestamp=1&nonce=1 HTTP/1.1\r\nhost: x\r\n`

  it('cannot block WeChat, because requests with a valid signature have their own limit', async () => {
    const server = await startServer()
    for (let i = 0; i < 10; i++) server.raw(`${half}content-length: 100\r\n\r\n<xml>`)
    await until(() => server.observed.shed === 8)
    const answer = server.follow('oFollower')
    await until(() => server.waiting.length === 1)
    server.waiting[0]?.stored()
    expect(await answer).toBe(200)
  })

  it('count as unauthenticated also with an old signed query', async () => {
    const server = await startServer()
    const query = `signature=${signatureOf(TOKEN, '1500000000', 'n')}&timestamp=1500000000&nonce=n`
    const old = `POST /wechat/${APP}?${query} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n<xml>`
    for (let i = 0; i < 10; i++) server.raw(old)
    await until(() => server.observed.shed === 8)
    const answer = server.follow('oFollower')
    await until(() => server.waiting.length === 1)
    server.waiting[0]?.stored()
    expect(await answer).toBe(200)
  })

  it('cannot make the server hold more bytes than its limit', async () => {
    const server = await startServer({ ...LIMITS, bodyBytes: 100_000 })
    server.raw(`${half}transfer-encoding: chunked\r\n\r\n`)
    await until(() => server.observed.waiting === 1)
    const { answer } = server.raw(`${half}content-length: 65536\r\n\r\n`)
    await until(() => answer().startsWith('HTTP/1.1 500'))
  })

  it('are refused during the body when it exceeds 64 KiB without a declared length', async () => {
    const server = await startServer()
    const { answer, socket } = server.raw(`${half}transfer-encoding: chunked\r\n\r\n`)
    const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`
    for (let i = 0; i < 17; i++) socket.write(chunk)
    await until(() => answer().startsWith('HTTP/1.1 413'))
    expect(server.observed.waiting).toBe(0)
  })

  it('return their permit when they disconnect', async () => {
    const server = await startServer()
    const { socket } = server.raw(`${half}content-length: 100\r\n\r\n<xml>`)
    await until(() => server.observed.waiting === 1)
    socket.destroy()
    await until(() => server.observed.waiting === 0)
  })
})

describe('senders with a recently signed query', () => {
  /** The beginning of a request whose body never arrives. */
  const half = (timestamp: string, nonce: string, bytes: number) => {
    const query = `signature=${signatureOf(TOKEN, timestamp, nonce)}&timestamp=${timestamp}&nonce=${nonce}`
    return `POST /wechat/${APP}?${query} HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes}\r\n\r\n<xml>`
  }

  it.each([
    { what: 'one query', nonce: () => 'n', bytes: 100, open: 2 },
    { what: 'one query and large bodies', nonce: () => 'n', bytes: 65_536, open: 2 },
    { what: 'a query for each request', nonce: String, bytes: 100, open: 8 },
    { what: 'a query for each request and large bodies', nonce: String, bytes: 65_536, open: 3 },
  ])('cannot block WeChat without a body: $what', async ({ nonce, bytes, open }) => {
    const server = await startServer({
      ...LIMITS,
      queueHighWater: 1,
      bodyBytes: 512 * 1024,
      readerBytes: 200_000,
    })
    // One timestamp: another second would make another query.
    const timestamp = String(Math.floor(Date.now() / 1000))
    for (let i = 0; i < 30; i++) server.raw(half(timestamp, nonce(i), bytes))
    await until(() => server.observed.shed === 30 - open)
    expect(server.observed.waiting).toBe(open)
    const answers = ['o1', 'o2', 'o3', 'o4'].map(server.follow)
    await until(() => server.waiting.length === 4)
    for (const w of server.waiting) w.stored()
    expect(await Promise.all(answers)).toEqual([200, 200, 200, 200])
  })

  it('use no permits of waiting callbacks when their bodies are not authentic', async () => {
    const sealedOnly: ReceivingAccount = {
      ...{ appId: APP, mode: 'security', token: TOKEN, encodingAesKey: 'A'.repeat(43) },
      ...{ name: '', timezone: 'UTC', variables: {}, humanAgents: false },
    }
    const server = await startServer(LIMITS, { findAccount: async () => sealedOnly })
    const answers = await Promise.all(Array.from({ length: 20 }, () => server.follow('oForged')))
    expect(new Set(answers)).toEqual(new Set([401]))
    expect(server.observed).toMatchObject({ waiting: 0, shed: 0 })
  })
})

describe('a burst from WeChat', () => {
  it('is stored completely: requests whose body follows their headers do not evict each other', async () => {
    const limits = { ...LIMITS, concurrent: 500, readers: 20, bodyBytes: 4 * 1024 * 1024 }
    const server = await startServer(limits)
    const answers: { answer(): string }[] = []
    for (let i = 0; i < 300; i++) {
      const { query, body } = server.sealed(`o${i}`)
      const head = `POST /wechat/${APP}?${query} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}`
      answers.push(server.raw(`${head}\r\n\r\n${body}`))
    }
    await until(() => server.waiting.length === 300)
    for (const w of server.waiting) w.stored()
    await until(() => answers.every((a) => a.answer().startsWith('HTTP/1.1 200')))
    expect(server.observed.shed).toBe(0)
  })
})

describe('clients with invented appIds', () => {
  it.each(['GET', 'POST'])(
    'need an unauthenticated permit before the store is asked (%s)',
    async (method) => {
      const { requested, answer, ...deps } = pendingLookups()
      const server = await startServer(LIMITS, deps)
      const request = (appId: string) =>
        fetch(`${server.server.url}/wechat/${appId}?signature=0`, { method }).then((r) => r.status)
      const first = [request('wxinvented1'), request('wxinvented2')]
      await until(() => requested.length === 2)
      expect(await Promise.all([request('wxinvented3'), request('wxinvented4')])).toEqual([500, 500])
      expect(requested).toEqual(['wxinvented1', 'wxinvented2'])
      expect(server.observed).toMatchObject({ shed: 2, waiting: 2 })
      answer()
      expect(await Promise.all(first)).toEqual([404, 404])
      expect(server.observed.waiting).toBe(0)
    },
  )

  it('cannot block a known account', async () => {
    const { requested, ...deps } = pendingLookups()
    const account: ReceivingAccount = {
      ...{ appId: APP, mode: 'plain', token: TOKEN, encodingAesKey: null },
      ...{ name: '', timezone: 'UTC', variables: {}, humanAgents: false },
    }
    const server = await startServer(LIMITS, {
      ...deps,
      findAccount: (appId) => (appId === APP ? Promise.resolve(account) : deps.findAccount(appId)),
    })
    for (const appId of ['wxinvented1', 'wxinvented2', 'wxinvented3'])
      server.raw(`POST /wechat/${appId} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`)
    await until(() => server.observed.shed === 1)
    const answered = server.follow('oFollower')
    await until(() => server.waiting.length === 1)
    server.waiting[0]?.stored()
    expect(await answered).toBe(200)
    expect(requested).toHaveLength(2)
  })
})
