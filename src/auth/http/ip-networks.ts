import { isIP } from 'node:net'

/** A proxy on the same machine. */
export const LOOPBACK = ['127.0.0.0/8', '::1/128'] as const

/** `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32))
}

/**
 * What tries from a client's address are counted for. An IPv4 address is one; an IPv6 client (known as a `…::/64`) also
 * counts for its /48: providers give whole ones to a subscriber or a rented machine (RIPE-690, section 4.2,
 * https://www.ripe.net/publications/docs/ripe-690/), which has 65,536 /64 then.
 */
export function networksOf(address: string): { network: string; widerNetwork: string | null } {
  const groups = /^([0-9a-f]+:[0-9a-f]+:[0-9a-f]+):[0-9a-f]+::\/64$/.exec(address)
  return { network: address, widerNetwork: groups ? `${groups[1]}::/48` : null }
}

/** The widest network that may be one stranger's: the /48 of an IPv6 client, an IPv4 address. */
export function widestNetworkOf(address: string): string {
  const { network: own, widerNetwork: around } = networksOf(address)
  return around ?? own
}
