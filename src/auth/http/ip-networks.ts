import ipaddr from 'ipaddr.js'

/** A proxy on the same machine. */
export const LOOPBACK = ['127.0.0.0/8', '::1/128'] as const

/** Whether a text is an address or a network, like `10.0.0.1`, `10.0.0.0/8` or `fd00::/8`. */
export function isNetwork(text: string): boolean {
  return isAddress(text) || (ipaddr.isValidCIDR(text) && isAddress(text.replace(/\/\d+$/, '')))
}

/** The address in a hop of `X-Forwarded-For`, without port and brackets; IPv4-mapped as IPv4. null: not an address. */
export function plainAddress(hop: string): string | null {
  const text = hop.trim()
  const bare = isAddress(text)
    ? text
    : text.replace(/^\[(.+)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1')
  return isAddress(bare) ? ipaddr.process(bare).toString() : null
}

/** The network of a subscriber: an IPv4 address, or an IPv6 /64, which commonly belongs to one subscriber. */
export function subscriberNetwork(address: string): string {
  const parsed = ipaddr.parse(address)
  return parsed instanceof ipaddr.IPv6 ? prefixOf(parsed, 4) : parsed.toString()
}

/**
 * The networks for which a client's attempts are counted. An IPv4 address is one network. An IPv6 client (`…::/64`) also
 * counts for its /48, because providers assign a whole /48, with 65,536 /64 networks, to a subscriber or a rented machine
 * (RIPE-690, section 4.2, https://www.ripe.net/publications/docs/ripe-690/).
 */
export function networksOf(address: string): { network: string; widerNetwork: string | null } {
  if (!address.endsWith('::/64')) return { network: address, widerNetwork: null }
  const groups = address.slice(0, -'::/64'.length).split(':')
  return { network: address, widerNetwork: `${groups.slice(0, 3).join(':')}::/48` }
}

/** The widest network that may belong to one client: an IPv4 address, or an IPv6 /48. */
export function widestNetworkOf(address: string): string {
  const { network, widerNetwork } = networksOf(address)
  return widerNetwork ?? network
}

/** Stricter than ipaddr.js, which also accepts short and octal IPv4 addresses. */
function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)
}

/** `2001:db8:0:12::/64` for four groups of 16 bits. */
function prefixOf(address: ipaddr.IPv6, groups: number): string {
  const prefix = address.parts.slice(0, groups).map((part) => part.toString(16))
  return `${prefix.join(':')}::/${groups * 16}`
}
