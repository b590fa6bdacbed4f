import { createServer } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { request } from 'undici'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createDispatcher } from './connection.ts'

afterEach(() => void vi.restoreAllMocks())

describe('a connection with a time limit', () => {
  it.each([3_000, 5_000])('of %i ms allows a slow handshake at each address', async (limitMs) => {
    const server = createServer((_req, res) => res.end('ok'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const connect = vi.spyOn(net, 'connect')
    try {
      const { port } = server.address() as AddressInfo
      const answer = await request(`http://127.0.0.1:${port}/`, { dispatcher: createDispatcher(limitMs) })
      expect(await answer.body.text()).toBe('ok')
      const [options] = connect.mock.calls[0] ?? []
      // A lost SYN is sent again after 1 s. Node's default of 250 ms is too short for it (nodejs/node issue 54359).
      expect(options).toMatchObject({ autoSelectFamily: true })
      const { autoSelectFamilyAttemptTimeout: ms = 250 } = options as {
        autoSelectFamilyAttemptTimeout?: number
      }
      expect(ms).toBeGreaterThan(1_000)
      expect(ms).toBeLessThan(limitMs)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})
