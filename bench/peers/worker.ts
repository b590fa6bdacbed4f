// usage: node scripts/run.mjs bench/peers/worker.ts, with the variables below
// The process of a design: it accepts messages over HTTP, and sends each to the receiver when it is due.
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Agent, request } from 'undici'
import type { AdapterContext, Message } from './adapter.ts'
import { ADAPTERS } from './adapters/index.ts'

/** As many messages can be at the receiver at once as a batch or the concurrency of a design has. */
const RECEIVER_CONNECTIONS = 100

const {
  PEER_DESIGN = '',
  PEER_PORT = '',
  PEER_URL = '',
  PEER_FOLDER = '',
  PEER_LIBRARIES = '',
  PEER_RECEIVER = '',
} = process.env
const PARENT_CHECK_MS = 1_000
const adapter = ADAPTERS[PEER_DESIGN]
if (!adapter) throw new Error(`There is no design "${PEER_DESIGN}".`)
const parent = process.ppid
// The bench has ended without stopping this process.
setInterval(() => process.ppid !== parent && process.exit(1), PARENT_CHECK_MS).unref()

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const receiver = new Agent({ connections: RECEIVER_CONNECTIONS })
const context: AdapterContext = {
  url: PEER_URL,
  folder: PEER_FOLDER,
  async send(message) {
    const body = JSON.stringify(message)
    const headers = { 'content-type': 'application/json' }
    const answer = await request(PEER_RECEIVER, { method: 'POST', body, headers, dispatcher: receiver })
    await answer.body.dump()
    if (answer.statusCode !== 200) throw new Error(`the receiver answered ${answer.statusCode}`)
  },
  onError(err) {
    process.stderr.write(`${err instanceof Error ? err.message : String(err)}\n`)
  },
  async library<T>(name: string) {
    const { load } = await import(pathToFileURL(join(PEER_LIBRARIES, 'load.mjs')).href)
    return (await load(name)) as T
  },
}
// A library's error after a broken connection must not end the process: what counts is what the design then delivers.
process.on('unhandledRejection', context.onError)
const opened = await adapter.open(context)
createServer((req, res) => {
  answer(req).then(
    (text) => res.end(text),
    (err) => {
      context.onError(err)
      res.writeHead(503).end()
    },
  )
}).listen(Number(PEER_PORT), '127.0.0.1')

async function answer(req: IncomingMessage): Promise<string> {
  const id = decodeURIComponent(req.url?.slice('/messages/'.length) ?? '')
  switch (`${req.method} ${req.url?.split('/')[1]}`) {
    case 'POST messages':
      await opened.schedule(JSON.parse(await readBody(req)) as Message)
      return 'accepted'
    case 'DELETE messages':
      await opened.cancel?.(id)
      return 'cancelled'
    case 'POST heap': {
      collectGarbage()
      const { heapUsed, external } = process.memoryUsage()
      return String(heapUsed + external)
    }
    default:
      return 'ready'
  }
}

async function readBody(req: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of req) text += chunk
  return text
}
