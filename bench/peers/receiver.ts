import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A message that has arrived. */
export interface Arrival {
  id: string
  /** Epoch ms. */
  at: number
}

/** The receiver of all messages, in place of WeChat. It is in this process, so it outlives every kill. */
export interface Receiver {
  url: string
  arrivals: Arrival[]
  /** Time from the arrival of a message to the answer, ms. */
  setDelay(ms: number): void
  close(): Promise<void>
}

/** Starts a receiver on a free port. */
export async function startReceiver(): Promise<Receiver> {
  const arrivals: Arrival[] = []
  let delayMs = 0
  const server = createServer(async (req, res) => {
    let text = ''
    for await (const chunk of req) text += chunk
    arrivals.push({ id: (JSON.parse(text) as { id: string }).id, at: Date.now() })
    if (delayMs > 0) await sleep(delayMs)
    res.end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    arrivals,
    setDelay(ms) {
      delayMs = ms
    },
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
