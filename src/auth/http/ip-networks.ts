import ipaddr from 'ipaddr.js'

/** A proxy on the same machine. */
export const LOOPBACK = ['127.0.0.0/8', '::1/128'] as const

/** `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
export function isNetwork(text: string): boolean {
  return isAddress(text) || (ipaddr.isValidCIDR(text) && isAddress(text.replace(/\/\d+$/, '')))
}

/** The address in a hop of `X-Forwarded-For`: without port and brackets, IPv4-mapped as IPv4; null: not an address. */
export function plainAddress(hop: string): string | null {
  const text = hop.trim()
  const bare = isAddress(text)
    ? text
    : text.replace(/^\[(.+)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1')
  return isAddress(bare) ? ipaddr.process(bare).toString() : null
}

/** The network of one subscriber: an IPv4 address, or the /64 of an IPv6 one, which a subscriber commonly has whole. */
export function subscriberNetwork(address: string): string {
  const parsed = ipaddr.parse(address)
  return parsed instanceof ipaddr.IPv6 ? prefixOf(parsed, 4) : parsed.toString()
}

/**
 * What attempts of a client are counted for. An IPv4 address is one network; an IPv6 client (known as a `…::/64`) also
 * counts for its /48: providers give whole ones to a subscriber or a rented machine (RIPE-690, section 4.2,
 * https://www.ripe.net/publications/docs/ripe-690/), which then has 65,536 /64.
 */
export function networksOf(address: string): { network: string; widerNetwork: string | null } {
  if (!address.endsWith('::/64')) return { network: address, widerNetwork: null }
  const groups = address.slice(0, -'::/64'.length).split(':')
  return { network: address, widerNetwork: `${groups.slice(0, 3).join(':')}::/48` }
}

/** The widest network that may belong to one stranger: the /48 of an IPv6 client, an IPv4 address. */
export function widestNetworkOf(address: string): string {
  const { network, widerNetwork } = networksOf(address)
  return widerNetwork ?? network
}

/** ipaddr.js also reads short and octal forms of IPv4, which no proxy writes. */
function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)
}

/** `2001:db8:0:12::/64` for four groups of 16 bits. */
function prefixOf(address: ipaddr.IPv6, groups: number): string {
  const shown = address.parts.slice(0, groups).map((part) => part.toString(16))
  return `${shown.join(':')}::/${groups * 16}`
}
