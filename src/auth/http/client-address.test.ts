import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { createClientReader } from './client-address.ts'
import { isNetwork } from './ip-networks.ts'

/** The client of a request over a connection from `remote`. */
async function clientOf(
  remote: string | null,
  headers: Record<string, string> = {},
  options: Parameters<typeof createClientReader>[0] = {},
) {
  const read = createClientReader(options)
  const app = new Hono().get('/', (c) => c.json(read(c)))
  const env = remote && {
    incoming: { socket: { remoteAddress: remote, remotePort: 1, remoteFamily: 'IPv4' } },
  }
  const response = await app.request('/', { headers }, env ?? undefined)
  return response.json()
}

describe('the client of a request', () => {
  it('is the remote address of the connection', async () => {
    expect(await clientOf('203.0.113.7')).toEqual({ address: '203.0.113.7', https: false })
    expect(await clientOf('::ffff:203.0.113.7')).toEqual({ address: '203.0.113.7', https: false })
    expect(await clientOf(null)).toEqual({ address: null, https: false })
  })

  it('with IPv6 is a /64: a subscriber has all its addresses', async () => {
    const one = await clientOf('2001:db8:0:12::1')
    expect(one).toEqual({ address: '2001:db8:0:12::/64', https: false })
    expect(await clientOf('2001:0db8:0:0012:ffff::9')).toEqual(one)
    expect(await clientOf('::1', {}, { trustedProxies: [] })).toEqual({
      address: '0:0:0:0::/64',
      https: false,
    })
  })

  it('is the address that a proxy on this machine reports, and nothing before it', async () => {
    const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.7', 'x-forwarded-proto': 'https' }
    expect(await clientOf('127.0.0.1', headers)).toEqual({ address: '203.0.113.7', https: true })
    expect(await clientOf('::ffff:127.0.0.1', headers)).toEqual({ address: '203.0.113.7', https: true })
  })

  it('is not taken from headers of other clients', async () => {
    const headers = { 'x-forwarded-for': '198.51.100.1', 'x-forwarded-proto': 'https' }
    expect(await clientOf('203.0.113.7', headers)).toEqual({ address: '203.0.113.7', https: false })
    expect(await clientOf('127.0.0.1', headers, { trustedProxies: [] })).toMatchObject({
      address: '127.0.0.1',
    })
  })

  it('is found behind several trusted proxies', async () => {
    const trustedProxies = ['10.0.0.0/8', '192.0.2.9']
    const headers = { 'x-forwarded-for': 'spoofed, 203.0.113.7:5555, 192.0.2.9' }
    expect(await clientOf('10.1.2.3', headers, { trustedProxies })).toMatchObject({ address: '203.0.113.7' })
    const odd = { 'x-forwarded-for': 'no address' }
    expect(await clientOf('10.1.2.3', odd, { trustedProxies })).toMatchObject({ address: '10.1.2.3' })
  })

  it('uses https if the public URL does', async () => {
    const publicUrl = 'https://nurture.example.com'
    expect(await clientOf('203.0.113.7', {}, { publicUrl })).toMatchObject({ https: true })
    expect(await clientOf('203.0.113.7', {}, { publicUrl: 'http://x' })).toMatchObject({ https: false })
  })
})

describe('a network', () => {
  it.each(['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'])('is valid: %s', (text) => {
    expect(isNetwork(text)).toBe(true)
  })
  it.each(['', 'proxy', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', '300.1.1.1', 'fd00::/129'])(
    'is invalid: "%s"',
    (text) => expect(isNetwork(text)).toBe(false),
  )
})
