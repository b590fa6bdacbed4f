import { createServer } from 'node:net'

/** A port is in use. The message names the port and its variable. */
export class PortInUseError extends Error {
  override name = 'PortInUseError'
  constructor(port: number, host: string, variable: string) {
    super(
      `Port ${port} on ${host} is in use by another program. Stop that program, or choose another port with ${variable}=….`,
    )
  }
}

/** @throws PortInUseError */
export async function assertPortFree(port: number, host: string, variable: string): Promise<void> {
  if (port !== 0 && !(await tryPort(port, host))) throw new PortInUseError(port, host, variable)
}

/** Resolves the port of a setting before anything listens on it: 0 means a free port. @throws PortInUseError */
export async function choosePort(port: number, host: string, variable: string): Promise<number> {
  if (port === 0) return freePort(host)
  await assertPortFree(port, host, variable)
  return port
}

/** Only for now: another program may take the port before somebody listens on it. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (await tryPort(port, host)) !== null
}

/**
 * Below the ephemeral ports (Linux: from 32,768): an outgoing connection could take a port before it is listened on.
 * Temporal on PostgreSQL stores ports as `smallint`.
 */
const PORT_RANGE = { from: 20_000, below: 32_768 }
const ATTEMPTS = 100
const PORT_COUNT = PORT_RANGE.below - PORT_RANGE.from
/** The next candidate. It never goes back to a port that this process has just chosen, on which nothing may listen yet. */
let next = Math.floor(Math.random() * PORT_COUNT)

/** A port that is free now, and that this process has not chosen before. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = PORT_RANGE.from + (next++ % PORT_COUNT)
    if (await tryPort(port, host)) return port
  }
  throw new Error(`No free port found on ${host} from ${PORT_RANGE.from} to ${PORT_RANGE.below - 1}`)
}

/** Listens for a moment. Returns the port; null when it is in use. */
function tryPort(port: number, host: string): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null))
    })
  })
}
