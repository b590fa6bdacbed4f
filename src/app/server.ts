import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'

export interface Listening {
  url: string
  port: number
  close(): Promise<void>
}

/** Where a browser on this machine finds what listens there. */
export function localUrl(host: string, port: number): string {
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`
}

/** Listens with an app; rejects with the system's error when the port is taken. */
export function listen(app: Hono, port: number, host: string): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname: host }, (at) =>
      resolve({
        url: localUrl(host, at.port),
        port: at.port,
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            // Kept-alive connections would hold the server open.
            ;(server as Server).closeAllConnections?.()
          }),
      }),
    )
    server.once('error', reject)
  })
}
