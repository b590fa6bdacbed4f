import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import proxyaddr from 'proxy-addr'
import { LOOPBACK, plainAddress, subscriberNetwork } from './ip-networks.ts'

/** The client of a request. */
interface Client {
  /** What attempts are counted for: an IPv4 address, or the /64 of an IPv6 one. null: called in this process. */
  address: string | null
  https: boolean
}

export type ClientReader = (c: Context) => Client

/**
 * Reads where requests come from. `X-Forwarded-For` and `X-Forwarded-Proto` are believed only from trusted proxies:
 * anybody else could send another address with each guess.
 */
export function createClientReader(options: {
  /** Without a trailing slash. With https, every browser comes by https. */
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

/** The first address that is not a trusted proxy, seen from here; the last readable one where a hop is no address. */
function farthestAddress(
  remote: string,
  forwardedFor: string | undefined,
  isProxy: (hop: string, index: number) => boolean,
): string {
  const request = { headers: { 'x-forwarded-for': forwardedFor }, socket: { remoteAddress: remote } }
  // proxy-addr reads these two fields of a request alone.
  const hops = proxyaddr.all(request as unknown as Parameters<typeof proxyaddr.all>[0], isProxy)
  return hops.flatMap((hop) => plainAddress(hop) ?? []).at(-1) ?? remote
}

function remoteAddress(c: Context): string | null {
  // An app that is called without a server (in tests) has no connection.
  if (!c.env || !('incoming' in c.env)) return null
  return plainAddress(getConnInfo(c).remote.address ?? '')
}
