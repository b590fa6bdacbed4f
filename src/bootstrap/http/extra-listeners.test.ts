import { Worker } from 'node:worker_threads'
import { Hono } from 'hono'
import { afterEach, expect, it } from 'vitest'
import { freePort } from '../../temporal/local-server/ports.ts'
import { type Listening, listen } from './server.ts'

const CONNECTIONS = 200
let server: Listening | undefined
afterEach(() => server?.close())

/** Connections that the server has after it was busy for some long turns of its event loop; another thread makes them. */
async function takenInBusyTurns(wide: boolean): Promise<number> {
  const app = new Hono()
  let taken = 0
  app.get('/', (c) => {
    taken += 1
    return c.text('ok')
  })
  server = await listen(app, 0, '127.0.0.1', { extraListeners: wide })
  const asks = `const { connect } = require('node:net')
    for (let i = 0; i < ${CONNECTIONS}; i++)
      connect(${server.port}, '127.0.0.1').on('error', () => {}).write('GET / HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n')
    require('node:worker_threads').parentPort.postMessage('asked')`
  const others = new Worker(asks, { eval: true })
  await new Promise((resolve) => others.once('message', resolve))
  for (let turn = 0; turn < 30; turn++) {
    for (const end = performance.now() + 10; performance.now() < end; );
    await new Promise(setImmediate)
  }
  await others.terminate()
  return taken
}

it('takes many new connections in a turn of the event loop', async () => {
  expect(await takenInBusyTurns(true)).toBe(CONNECTIONS)
})

it('would take one of them without: this test can fail', async () => {
  expect(await takenInBusyTurns(false)).toBeLessThan(CONNECTIONS / 2)
})

it('drops no connection while the doors are made', async () => {
  const app = new Hono()
  app.get('/', (c) => c.text('ok'))
  const port = await freePort()
  let made = false
  const making = listen(app, port, '127.0.0.1', { extraListeners: true }).then((listening) => {
    server = listening
    made = true
  })
  const failures: string[] = []
  while (!made) {
    await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).catch((err: Error) => {
      const code = (err.cause as { code?: string } | undefined)?.code ?? err.message
      if (code !== 'ECONNREFUSED') failures.push(code)
    })
  }
  await making
  expect(failures).toEqual([])
})

it('closes all of its doors', async () => {
  const closing = await listen(new Hono(), 0, '127.0.0.1', { extraListeners: true })
  await closing.close()
  await expect(fetch(closing.url)).rejects.toThrow()
})
