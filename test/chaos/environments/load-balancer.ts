import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Balances requests over several `serve` processes, as in production. It tries the next process when one refuses the connection. */
export interface LoadBalancer {
  url: string
  close(): Promise<void>
}

/** @param ports the ports of the processes, used round-robin */
export async function startLoadBalancer(ports: readonly number[]): Promise<LoadBalancer> {
  let nextTarget = 0
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('error', () => outgoing.destroy())
    incoming.on('data', (chunk) => chunks.push(chunk))
    incoming.on('end', () => forward(ports.length))

    const forward = (triesLeft: number) => {
      const port = ports[nextTarget++ % ports.length]
      const { method = 'GET', url = '/', headers } = incoming
      const upstream = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
        answer.on('error', () => outgoing.destroy())
      })
      let connected = false
      upstream.on('socket', (socket) => {
        const markConnected = () => {
          connected = true
        }
        // A keep-alive socket serves several requests.
        if (socket.connecting) socket.once('connect', markConnected)
        else markConnected()
      })
      upstream.on('error', () => {
        // Only a request that was not connected goes to another process. Others may have been accepted, and WeChat repeats them.
        if (!connected && triesLeft > 1) return forward(triesLeft - 1)
        if (!outgoing.headersSent) outgoing.writeHead(502).end()
        else outgoing.destroy()
      })
      // WeChat has closed the request.
      outgoing.on('close', () => upstream.destroy())
      upstream.end(Buffer.concat(chunks))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
