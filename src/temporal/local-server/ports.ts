import { createServer } from 'node:net'

/** A port is in use; the message names it and the variable that changes it. */
export class PortInUseError extends Error {
  override name = 'PortInUseError'
  constructor(port: number, host: string, variable: string) {
    super(
      `Port ${port} on ${host} is taken by another program. Stop that one, or choose another with ${variable}=….`,
    )
  }
}

/** @throws PortInUseError */
export async function assertPortFree(port: number, host: string, variable: string): Promise<void> {
  if (port !== 0 && !(await tryPort(port, host))) throw new PortInUseError(port, host, variable)
}

/** The port that a setting means, known before anything listens there: 0 is a free one. @throws PortInUseError */
export async function choosePort(port: number, host: string, variable: string): Promise<number> {
  if (port === 0) return freePort(host)
  await assertPortFree(port, host, variable)
  return port
}

export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (await tryPort(port, host)) !== null
}

/**
 * Below the ports that the system gives to connections that go out (Linux: from 32,768), one of which might take a free
 * port before it is listened on; and Temporal on PostgreSQL keeps its ports as `smallint`.
 */
const PORT_RANGE = { from: 20_000, below: 32_768 }
const ATTEMPTS = 100
const PORT_COUNT = PORT_RANGE.below - PORT_RANGE.from
/** Where this process looks next. It goes on from what it has given, on which nobody may listen yet. */
let next = Math.floor(Math.random() * PORT_COUNT)

/** A port that is free now, and that this process has not just given to another. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = PORT_RANGE.from + (next++ % PORT_COUNT)
    if (await tryPort(port, host)) return port
  }
  throw new Error(`no free port on ${host}`)
}

/** The port when it could be opened, else null. */
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
