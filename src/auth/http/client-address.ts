import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import proxyaddr from 'proxy-addr'
import { LOOPBACK, plainAddress, subscriberNetwork } from './ip-networks.ts'

/** The client of a request. */
interface Client {
  /** An IPv4 address, or the /64 of an IPv6 address: attempts are counted for it. null: a call within this process. */
  address: string | null
  https: boolean
}

export type ClientReader = (c: Context) => Client

/**
 * Reads the client of requests. `X-Forwarded-For` and `X-Forwarded-Proto` count only from trusted proxies: other clients
 * could send another address with each guess.
 */
export function createClientReader(options: {
  /** Without a trailing slash. If it is https, all browsers use https. */
  publicUrl?: string | undefined
  /** Addresses or networks, like `10.0.0.0/8`. @see isNetwork */
  trustedProxies?: readonly string[]
}): ClientReader {
  const alwaysHttps = options.publicUrl?.startsWith('https:') ?? false
  const isTrusted = proxyaddr.compile([...(options.trustedProxies ?? LOOPBACK)])
  const isProxy = (hop: string, index: number) => {
    const address = plainAddress(hop)
    return address !== null && isTrusted(address, index)
  }

  return (c) => {
    const remote = remoteAddress(c)
    const forwardedFor = c.req.header('x-forwarded-for')
    const isBehindProxy = remote !== null && isProxy(remote, 0)
    const proto = isBehindProxy ? c.req.header('x-forwarded-proto')?.split(',').at(-1)?.trim() : undefined
    const address = remote && farthestAddress(remote, forwardedFor, isProxy)
    return { address: address && subscriberNetwork(address), https: alwaysHttps || proto === 'https' }
  }
}

/** The first address, seen from here, that is not a trusted proxy. If a hop is not an address, the last valid one. */
function farthestAddress(
  remote: string,
  forwardedFor: string | undefined,
  isProxy: (hop: string, index: number) => boolean,
): string {
  const request = { headers: { 'x-forwarded-for': forwardedFor }, socket: { remoteAddress: remote } }
  // proxy-addr reads only these two fields of a request.
  const hops = proxyaddr.all(request as unknown as Parameters<typeof proxyaddr.all>[0], isProxy)
  return hops.flatMap((hop) => plainAddress(hop) ?? []).at(-1) ?? remote
}

function remoteAddress(c: Context): string | null {
  // A call without a server (in tests) has no connection.
  if (!c.env || !('incoming' in c.env)) return null
  return plainAddress(getConnInfo(c).remote.address ?? '')
}
