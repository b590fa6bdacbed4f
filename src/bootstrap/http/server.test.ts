import { connect, type Socket } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { afterEach, describe, expect, it } from 'vitest'
import { type Listening, listen, TIMEOUTS } from './server.ts'

const SHORT = { headersMs: 150, requestMs: 300, idleMs: 300, checkMs: 50, unreadBodyMs: 50 }
let server: Listening | undefined
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server?.close()
})

/** Writes a text and then nothing. Resolves with the answer once the server has closed the connection. */
async function answerTo(app: Hono, text: string): Promise<string> {
  server = await listen(app, 0, '127.0.0.1', { timeouts: SHORT })
  const socket = connect(server.port, '127.0.0.1')
  let answer = ''
  socket.on('data', (piece) => {
    answer += String(piece)
  })
  return new Promise((resolve) => {
    socket.on('error', () => {}).on('close', () => resolve(answer))
    socket.write(text)
  })
}

const app = () =>
  new Hono()
    .onError((_, c) => c.text('incomplete', 400))
    .post('/read', async (c) => c.text(await c.req.text()))
    .post('/refuses', (c) => c.text('no', 401))
    .get('/', (c) => c.text('hello'))

describe('a client that stops sending or reading', () => {
  it.each([
    ['in its headers', 'POST /read HTTP/1.1\r\nhost: x\r\n', '408'],
    ['in its body', 'POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc', '408'],
    ['in a chunk', 'POST /read HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc', '408'],
    [
      'in a body that no handler reads',
      'POST /refuses HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc',
      '401',
    ],
    [
      'in the body of a GET',
      'GET / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc',
      '200',
    ],
  ])('%s is answered, and its connection closed', async (_, text, status) => {
    expect(await answerTo(app(), text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })

  it('is disconnected when it does not read its answer', async () => {
    const closed = new Promise<void>((resolve) => {
      const large = new Hono<{ Bindings: HttpBindings }>().get('/', (c) => {
        c.env.incoming.socket.once('close', () => resolve())
        return c.body(new Uint8Array(32 * 1024 * 1024))
      })
      // The same app: only the type of its environment differs.
      void listen(large as unknown as Hono, 0, '127.0.0.1', { timeouts: SHORT }).then((listening) => {
        server = listening
        const socket = connect(listening.port, '127.0.0.1').on('error', () => {})
        socket.pause()
        socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
        sockets.push(socket)
      })
    })
    await closed
  })

  it('stays connected while its request is being handled', async () => {
    const slow = new Hono().get('/', async (c) => {
      await new Promise((resolve) => setTimeout(resolve, 3 * SHORT.idleMs))
      return c.text('done')
    })
    expect(await answerTo(slow, 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(/done$/)
  })

  it('is disconnected within seconds or two minutes, not after the five minutes of Node', () => {
    expect(TIMEOUTS.headersMs + TIMEOUTS.checkMs).toBeLessThanOrEqual(15_000)
    expect(TIMEOUTS.requestMs + TIMEOUTS.checkMs).toBeLessThanOrEqual(125_000)
    expect(TIMEOUTS.unreadBodyMs).toBeLessThanOrEqual(1_000)
  })
})

it.each(['GET /\\x HTTP/1.1\r\nhost: x', 'GET / HTTP/1.1\r\nhost: a b/c'])(
  'answers an invalid request with 400 and a sentence: %j',
  async (head) => {
    const answer = await answerTo(app(), `${head}\r\nconnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1.1 400 /)
    expect(answer).toContain('The address or the Host header is not valid.')
  },
)
