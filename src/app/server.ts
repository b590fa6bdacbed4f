import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import { widenDoor } from './wide-door.ts'

/**
 * Connections that may wait until this process accepts them. With Node's 511 a burst finds no room while the process is
 * busy for half a second, and tries again only after seconds. The system's own limit (net.core.somaxconn) is above it.
 */
const BACKLOG = 4_096

export interface Listening {
  url: string
  port: number
  close(): Promise<void>
}

/** Where a browser on this machine finds what listens there. */
export function localUrl(host: string, port: number): string {
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`
}

/**
 * Listens with an app; rejects with the system's error when the port is taken.
 * @param options.wide many new connections may come at once: WeChat's
 */
export function listen(
  app: Hono,
  port: number,
  host: string,
  options: { wide?: boolean } = {},
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = createAdaptorServer({ fetch: app.fetch }) as Server
    server.once('error', reject)
    server.listen({ port, host, backlog: BACKLOG }, async () => {
      const { port: taken } = server.address() as AddressInfo
      const narrow = options.wide ? await widenDoor(server) : () => {}
      resolve({
        url: localUrl(host, taken),
        port: taken,
        close: () =>
          new Promise((done) => {
            narrow()
            server.close(() => done())
            // Kept-alive connections would hold the server open.
            server.closeAllConnections()
          }),
      })
    })
  })
}
