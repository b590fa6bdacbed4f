import { createServer, type Server, type Socket } from 'node:net'
import { isGrpcServiceError } from '@temporalio/client'
import { afterEach, describe, expect, it } from 'vitest'
import { lazyConnection } from './lazy-connection.ts'

let server: Server | undefined
afterEach(() => server?.close())

/** Accepts connections and ends each at once. Counts them. */
async function refusingServer(): Promise<{ address: string; attempts(): number }> {
  let attempts = 0
  server = createServer((socket: Socket) => {
    attempts++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { address: `127.0.0.1:${port}`, attempts: () => attempts }
}

const codeOf = (err: unknown) => (isGrpcServiceError(err) ? err.code : err)

describe('a connection to a Temporal that does not answer', () => {
  it('ends the calls that wait for their next attempt when it is closed', async () => {
    const { address, attempts } = await refusingServer()
    const connection = lazyConnection({ address })
    const call = connection.workflowService.getSystemInfo({}).catch(codeOf)
    await expect.poll(attempts).toBeGreaterThan(0)

    await connection.close()
    expect(await call).toBe(1)
  })

  it('refuses calls after it is closed', async () => {
    const { address, attempts } = await refusingServer()
    const connection = lazyConnection({ address })
    await connection.close()
    expect(await connection.workflowService.getSystemInfo({}).catch(codeOf)).toBe(1)
    expect(attempts()).toBe(0)
  })

  it('tries no call again if it is given no interceptor that does', async () => {
    const { address } = await refusingServer()
    const connection = lazyConnection({ address, interceptors: [] })
    const call = connection.withDeadline(Date.now() + 60_000, () =>
      connection.workflowService.getSystemInfo({}),
    )
    expect(await call.catch(codeOf)).toBe(14)
    await connection.close()
  })

  it('tries a call again while it is open', async () => {
    const { address } = await refusingServer()
    const connection = lazyConnection({ address })
    const call = connection.withDeadline(Date.now() + 500, () => connection.workflowService.getSystemInfo({}))
    // Not 14, the status of the first attempt: the call has lasted until its deadline.
    expect(await call.catch(codeOf)).toBe(4)
    await connection.close()
  })
})
