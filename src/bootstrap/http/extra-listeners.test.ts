import { Worker } from 'node:worker_threads'
import { Hono } from 'hono'
import { afterEach, expect, it } from 'vitest'
import { UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { freePort } from '../../temporal/local-server/ports.ts'
import { type Listening, listen } from './server.ts'

const CONNECTIONS = 200
let server: Listening | undefined
afterEach(() => server?.close())

/**
 * Connections that the server has accepted after `turns` long turns of its event loop. Another thread opens them before the
 * first turn, while this one stands still: an idle event loop would accept them one after another.
 */
async function acceptedInBusyTurns(turns: number, extraListeners: boolean): Promise<number> {
  const app = new Hono()
  let accepted = 0
  app.get('/', (c) => {
    accepted += 1
    return c.text('ok')
  })
  server = await listen(app, 0, '127.0.0.1', { extraListeners })
  const script = `const { connect } = require('node:net')
    const { parentPort, workerData } = require('node:worker_threads')
    parentPort.postMessage('waiting')
    Atomics.wait(workerData, 0, 0)
    let opened = 0
    const open = () => {
      if (++opened < ${CONNECTIONS}) return
      Atomics.store(workerData, 1, 1)
      Atomics.notify(workerData, 1)
    }
    for (let i = 0; i < ${CONNECTIONS}; i++)
      connect(${server.port}, '127.0.0.1', open).on('error', () => {}).write('GET / HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n')`
  const state = new Int32Array(new SharedArrayBuffer(8))
  const client = new Worker(script, { eval: true, workerData: state })
  await new Promise((resolve) => client.once('message', resolve))
  Atomics.store(state, 0, 1)
  Atomics.notify(state, 0)
  Atomics.wait(state, 1, 0, UNIT_TIMEOUT_MS / 2)
  for (let turn = 0; turn < turns && accepted < CONNECTIONS; turn++) {
    for (const end = performance.now() + 10; performance.now() < end; );
    await new Promise(setImmediate)
  }
  await client.terminate()
  return accepted
}

it('accepts many new connections in one turn of the event loop', async () => {
  expect(await acceptedInBusyTurns(90, true)).toBe(CONNECTIONS)
})

it('accepts fewer without extra listeners', async () => {
  expect(await acceptedInBusyTurns(90, false)).toBeLessThan(CONNECTIONS)
})

it('drops no connection while the extra listeners are added', async () => {
  const app = new Hono()
  app.get('/', (c) => c.text('ok'))
  const port = await freePort()
  let isListening = false
  const starting = listen(app, port, '127.0.0.1', { extraListeners: true }).then((listening) => {
    server = listening
    isListening = true
  })
  const failures: string[] = []
  while (!isListening) {
    await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).catch((err: Error) => {
      const code = (err.cause as { code?: string } | undefined)?.code ?? err.message
      if (code !== 'ECONNREFUSED') failures.push(code)
    })
  }
  await starting
  expect(failures).toEqual([])
})

it('closes all listeners', async () => {
  const closing = await listen(new Hono(), 0, '127.0.0.1', { extraListeners: true })
  await closing.close()
  await expect(fetch(closing.url)).rejects.toThrow()
})
