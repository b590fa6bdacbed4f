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

/** A callback server on a real port, over a store that takes nothing until it is let. */
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
  /** Sends a request's beginning over a socket of its own; gives what the server has answered so far. */
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
  return { waiting, told: observed, follow, sealed, raw, server }
}

/** An account that memory does not know is looked for until the test lets it be found. */
function lookUps() {
  const asked: string[] = []
  const found: ((account: null) => void)[] = []
  const findAccount: CallbackDeps['findAccount'] = (appId) => {
    asked.push(appId)
    return new Promise((resolve) => found.push(resolve))
  }
  const answer = () => {
    for (const resolve of found.splice(0)) resolve(null)
  }
  return { asked, answer, findAccount, isCached: (appId: string) => appId === APP }
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('more callbacks than the store takes', () => {
  it('wait up to the bound; one more is answered 500 at once, and the rest are stored', async () => {
    const server = await startServer()
    const answers = ['o1', 'o2', 'o3', 'o4'].map(server.follow)
    await until(() => server.told.waiting === 4 && server.waiting.length === 4)
    expect(await server.follow('o5')).toBe(500)
    expect(server.told).toMatchObject({ shed: 1, waiting: 4, counted: ['failed'] })
    for (const w of server.waiting) w.stored()
    expect(await Promise.all(answers)).toEqual([200, 200, 200, 200])
    expect(server.told.waiting).toBe(0)
    const again = server.follow('o5')
    await until(() => server.waiting.length === 5)
    server.waiting[4]?.stored()
    expect(await again).toBe(200)
  })

  it('a flood that is shed writes one line, not thousands', async () => {
    const server = await startServer()
    for (const o of ['o1', 'o2', 'o3', 'o4']) void server.follow(o).catch(() => {})
    await until(() => server.waiting.length === 4)
    const shed = await Promise.all(Array.from({ length: 100 }, (_, i) => server.follow(`oShed${i}`)))
    expect(new Set(shed)).toEqual(new Set([500]))
    expect(server.told.shed).toBe(100)
    expect(server.told.lines.length).toBeLessThan(5)
  })

  it('a body that is shed is not waited for', async () => {
    const server = await startServer()
    for (const o of ['o1', 'o2', 'o3', 'o4']) void server.follow(o).catch(() => {})
    await until(() => server.waiting.length === 4)
    const { answer } = server.raw(
      `POST /wechat/${APP} HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n<xml>`,
    )
    await until(() => answer().startsWith('HTTP/1.1 500'))
  })
})

describe('strangers who keep their requests open', () => {
  const half = `POST /wechat/${APP}?signature=0&timestamp=1&nonce=1 HTTP/1.1\r\nhost: x\r\n`

  it('cannot keep WeChat out: a good signature in the query has places of its own', async () => {
    const server = await startServer()
    for (let i = 0; i < 10; i++) server.raw(`${half}content-length: 100\r\n\r\n<xml>`)
    await until(() => server.told.shed === 8)
    const answer = server.follow('oFollower')
    await until(() => server.waiting.length === 1)
    server.waiting[0]?.stored()
    expect(await answer).toBe(200)
  })

  it('are strangers also with a query that WeChat signed long ago', async () => {
    const server = await startServer()
    const query = `signature=${signatureOf(TOKEN, '1500000000', 'n')}&timestamp=1500000000&nonce=n`
    const old = `POST /wechat/${APP}?${query} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n<xml>`
    for (let i = 0; i < 10; i++) server.raw(old)
    await until(() => server.told.shed === 8)
    const answer = server.follow('oFollower')
    await until(() => server.waiting.length === 1)
    server.waiting[0]?.stored()
    expect(await answer).toBe(200)
  })

  it('do not make the server hold more than its bound of bodies', async () => {
    const server = await startServer({ ...LIMITS, bodyBytes: 100_000 })
    server.raw(`${half}transfer-encoding: chunked\r\n\r\n`)
    await until(() => server.told.waiting === 1)
    const { answer } = server.raw(`${half}content-length: 65536\r\n\r\n`)
    await until(() => answer().startsWith('HTTP/1.1 500'))
  })

  it('who send more than 64 KiB without announcing it are refused in the middle', async () => {
    const server = await startServer()
    const { answer, socket } = server.raw(`${half}transfer-encoding: chunked\r\n\r\n`)
    const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`
    for (let i = 0; i < 17; i++) socket.write(chunk)
    await until(() => answer().startsWith('HTTP/1.1 413'))
    expect(server.told.waiting).toBe(0)
  })

  it('give their place back when they hang up', async () => {
    const server = await startServer()
    const { socket } = server.raw(`${half}content-length: 100\r\n\r\n<xml>`)
    await until(() => server.told.waiting === 1)
    socket.destroy()
    await until(() => server.told.waiting === 0)
  })
})

describe('senders with a query that WeChat signed a moment ago', () => {
  /** The beginning of a request that never ends. */
  const half = (nonce: string, bytes = 100) => {
    const timestamp = String(Math.floor(Date.now() / 1000))
    const query = `signature=${signatureOf(TOKEN, timestamp, nonce)}&timestamp=${timestamp}&nonce=${nonce}`
    return `POST /wechat/${APP}?${query} HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes}\r\n\r\n<xml>`
  }

  it.each([
    { what: 'one query', nonce: () => 'n', bytes: 100, open: 2 },
    { what: 'one query and large bodies', nonce: () => 'n', bytes: 65_536, open: 2 },
    { what: 'a query for each request', nonce: String, bytes: 100, open: 8 },
    { what: 'a query for each request and large bodies', nonce: String, bytes: 65_536, open: 3 },
  ])('and no body cannot keep WeChat out: $what', async ({ nonce, bytes, open }) => {
    const server = await startServer({
      ...LIMITS,
      queueHighWater: 1,
      bodyBytes: 512 * 1024,
      readerBytes: 200_000,
    })
    for (let i = 0; i < 30; i++) server.raw(half(nonce(i), bytes))
    await until(() => server.told.shed === 30 - open)
    expect(server.told.waiting).toBe(open)
    const answers = ['o1', 'o2', 'o3', 'o4'].map(server.follow)
    await until(() => server.waiting.length === 4)
    for (const w of server.waiting) w.stored()
    expect(await Promise.all(answers)).toEqual([200, 200, 200, 200])
  })

  it('and bodies that are not WeChat’s take no place of those that wait for the store', async () => {
    const sealedOnly: ReceivingAccount = {
      ...{ appId: APP, mode: 'security', token: TOKEN, encodingAesKey: 'A'.repeat(43) },
      ...{ name: '', timezone: 'UTC', variables: {}, humanAgents: false },
    }
    const server = await startServer(LIMITS, { findAccount: async () => sealedOnly })
    const answers = await Promise.all(Array.from({ length: 20 }, () => server.follow('oStranger')))
    expect(new Set(answers)).toEqual(new Set([401]))
    expect(server.told).toMatchObject({ waiting: 0, shed: 0 })
  })
})

describe('a burst from WeChat', () => {
  it('of many at once is stored whole: bodies that come with their headers do not push each other out', async () => {
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
    expect(server.told.shed).toBe(0)
  })
})

describe('strangers who make up appIds', () => {
  it.each(['GET', 'POST'])('have the places of strangers before the store is asked (%s)', async (method) => {
    const { asked, answer, ...deps } = lookUps()
    const server = await startServer(LIMITS, deps)
    const ask = (appId: string) =>
      fetch(`${server.server.url}/wechat/${appId}?signature=0`, { method }).then((r) => r.status)
    const first = [ask('wxmadeup1'), ask('wxmadeup2')]
    await until(() => asked.length === 2)
    expect(await Promise.all([ask('wxmadeup3'), ask('wxmadeup4')])).toEqual([500, 500])
    expect(asked).toEqual(['wxmadeup1', 'wxmadeup2'])
    expect(server.told).toMatchObject({ shed: 2, waiting: 2 })
    answer()
    expect(await Promise.all(first)).toEqual([404, 404])
    expect(server.told.waiting).toBe(0)
  })

  it('do not keep out an account that is known', async () => {
    const { asked, ...deps } = lookUps()
    const account: ReceivingAccount = {
      ...{ appId: APP, mode: 'plain', token: TOKEN, encodingAesKey: null },
      ...{ name: '', timezone: 'UTC', variables: {}, humanAgents: false },
    }
    const server = await startServer(LIMITS, {
      ...deps,
      findAccount: (appId) => (appId === APP ? Promise.resolve(account) : deps.findAccount(appId)),
    })
    for (const appId of ['wxmadeup1', 'wxmadeup2', 'wxmadeup3'])
      server.raw(`POST /wechat/${appId} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`)
    await until(() => server.told.shed === 1)
    const answered = server.follow('oFollower')
    await until(() => server.waiting.length === 1)
    server.waiting[0]?.stored()
    expect(await answered).toBe(200)
    expect(asked).toHaveLength(2)
  })
})
