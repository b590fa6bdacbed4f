import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { type OnDemand, serveOnDemand } from './on-demand.ts'
import { freePort, isPortFree, PortInUseError } from './ports.ts'
import { type Supervised, supervise } from './supervise.ts'

const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-on-demand-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let opened: OnDemand | null = null
afterEach(() => opened?.close())

/** Answers each request with its own process id and the request's `Host`. */
const PROGRAM = `
  require('http')
    .createServer((req, res) => req.url === '/hang' || res.end(process.pid + ' ' + req.headers.host))
    .listen(Number(process.argv[1]), '127.0.0.1')`

async function serve(options: { script?: string; idleMs?: number } = {}) {
  const started: Supervised[] = []
  const ports: number[] = []
  const program = await serveOnDemand({
    name: 'the page',
    port: 0,
    variable: 'PAGE_PORT',
    start(port) {
      const args = ['-e', options.script ?? PROGRAM, String(port)]
      const it = supervise(process.execPath, args, { logFile: join(folder, 'page.log') })
      started.push(it)
      ports.push(port)
      return it
    },
    ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
  })
  opened = program
  const get = async (path = '/') => {
    const response = await fetch(`http://127.0.0.1:${program.port}${path}`, {
      headers: { connection: 'close' },
    })
    return { status: response.status, text: await response.text() }
  }
  return { program, started, ports, get }
}

describe('a program that runs on demand', () => {
  it('is started by the first connection, once, and answers as if it listened itself', async () => {
    const { program, started, get } = await serve()
    expect(started).toEqual([])
    const answers = await Promise.all([get(), get(), get()])
    expect(started).toHaveLength(1)
    const [first] = answers
    expect(first?.text).toMatch(new RegExp(`^\\d+ 127\\.0\\.0\\.1:${program.port}$`))
    expect(answers).toEqual([first, first, first])
  })

  it('answers a client that closes its half of the connection after the request', async () => {
    const { program } = await serve()
    const socket = connect(program.port, '127.0.0.1')
    socket.end('GET / HTTP/1.1\r\nHost: page\r\nConnection: close\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1.1 200 OK[\s\S]* page$/)
  })

  it('is stopped when nobody is connected for a while, and started again for the next', async () => {
    const { started, ports, get } = await serve({ idleMs: 50 })
    const before = await get()
    await started[0]?.ended
    expect(await isPortFree(ports[0] ?? 0)).toBe(true)
    const after = await get()
    expect(after.status).toBe(200)
    expect(after.text).not.toBe(before.text)
  })

  it('is started again after it has ended by itself', async () => {
    const { started, get } = await serve()
    const before = await get()
    process.kill(Number(before.text.split(' ')[0]), 'SIGKILL')
    await started[0]?.ended
    expect((await get()).status).toBe(200)
    expect(started).toHaveLength(2)
  })

  it('answers 503 with the reason when it does not start, and tries again for the next', async () => {
    const { started, get } = await serve({ script: 'console.log("a secret of the log"); process.exit(4)' })
    const answer = { status: 503, text: 'the page does not start: it ended with exit code 4\n' }
    expect(await get()).toEqual(answer)
    expect(await get()).toEqual(answer)
    expect(started).toHaveLength(2)
  })

  it('ends with its port and all connections, also while it starts', async () => {
    const { program, started, get } = await serve()
    const pid = Number((await get()).text.split(' ')[0])
    const hanging = get('/hang').catch(() => 'closed')
    await program.close()
    expect(await hanging).toBe('closed')
    expect(await isPortFree(program.port)).toBe(true)
    expect(() => process.kill(pid, 0)).toThrow()

    const slow = await serve({ script: 'setInterval(() => {}, 1000)' })
    const socket = connect(slow.program.port, '127.0.0.1').on('error', () => {})
    await expect.poll(() => slow.started.length).toBe(1)
    await slow.program.close()
    await slow.started[0]?.ended
    socket.destroy()
    expect(started).toHaveLength(1)
  })

  it('names a port in use and its variable', async () => {
    const port = await freePort()
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
    const starting = serveOnDemand({
      name: 'the page',
      port,
      variable: 'PAGE_PORT',
      start: () => {
        throw new Error('not started')
      },
    })
    await expect(starting).rejects.toThrow(PortInUseError)
    await expect(starting).rejects.toThrow(`PAGE_PORT`)
    other.close()
  })
})
