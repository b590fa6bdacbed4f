import { BlockList, isIP, isIPv6 } from 'node:net'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import { LOOPBACK } from './ip-networks.ts'

/** Where a request comes from. */
interface Client {
  /** What tries are counted for: an IPv4 address, or the /64 of an IPv6 one. null: no connection, but this process. */
  address: string | null
  https: boolean
}

export type ClientReader = (c: Context) => Client

/**
 * Tells where requests come from. `X-Forwarded-For` and `X-Forwarded-Proto` are believed only of the trusted proxies:
 * anybody else could write another address there for each guess.
 */
export function createClientReader(options: {
  /** Without a slash at its end; https there: every browser comes by https. */
  publicUrl?: string | undefined
  /** Addresses or networks, like `10.0.0.0/8`. @see isNetwork */
  trustedProxies?: readonly string[]
}): ClientReader {
  const alwaysHttps = options.publicUrl?.startsWith('https:') ?? false
  const proxies = new BlockList()
  for (const network of options.trustedProxies ?? LOOPBACK) {
    const [address = '', bits] = network.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) proxies.addAddress(address, family)
    else proxies.addSubnet(address, Number(bits), family)
  }
  const isProxy = (address: string) => proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')

  return (c) => {
    const remote = remoteOf(c)
    const isBehindProxy = remote !== null && isProxy(remote)
    const forwarded = isBehindProxy ? (c.req.header('x-forwarded-for') ?? '').split(',').reverse() : []
    const proto = isBehindProxy ? c.req.header('x-forwarded-proto')?.split(',').at(-1)?.trim() : undefined
    let address = remote
    for (const hop of forwarded) {
      const named = normalizeAddress(hop)
      if (!named) break
      address = named
      if (!isProxy(named)) break
    }
    return { address: address && networkOf(address), https: alwaysHttps || proto === 'https' }
  }
}

function remoteOf(c: Context): string | null {
  // An app that is asked without a server (in tests) has no connection.
  if (!c.env || !('incoming' in c.env)) return null
  return normalizeAddress(getConnInfo(c).remote.address ?? '')
}

/** An IPv4 address in IPv6's clothes without them, a port left out; null for what is no address. */
function normalizeAddress(text: string): string | null {
  const bare = text.trim().replace(/^::ffff:(?=\d+\.)/i, '')
  const address = isIP(bare) ? bare : bare.replace(/^\[(.+)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1')
  return isIP(address) ? address : null
}

/** One subscriber commonly has a whole /64. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const [before = '', after] = (address.split('%')[0] ?? '').toLowerCase().split('::')
  const groups = (text = '') => text.split(':').filter(Boolean)
  const head = groups(before)
  const tail = groups(after)
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length)
  const all = [...head, ...Array<string>(zeros).fill('0'), ...tail]
  return `${all
    .slice(0, 4)
    .map((g) => g.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
