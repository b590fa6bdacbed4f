import ipaddr from 'ipaddr.js'

/** What IANA has given out as global unicast (RFC 4291, section 2.4): beyond it nobody has an address of his own. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')
/**
 * A public address that answers inside a cloud alone, with what is the machine's own: Azure's platform
 * (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16). The others' stand in ranges that are
 * refused as a whole: 169.254.169.254 (most), 169.254.0.23 (Tencent), 100.100.100.200 (Alibaba), 192.0.0.192 (Oracle),
 * fd00:ec2::254 (Amazon), fd20:ce::254 (Google).
 */
const OF_CLOUDS = new Set(['168.63.129.16'])

/**
 * Whether an IP address belongs to somebody on the open internet: global unicast by IANA's registries of special-purpose
 * addresses (https://www.iana.org/assignments/iana-ipv4-special-registry, iana-ipv6-special-registry), as ipaddr.js has
 * them. False for what is private, of this machine or of the link, and for each form of IPv6 in which an IPv4 address may
 * hide: mapped, compatible, translated (NAT64), 6to4, Teredo. False also for what is no address.
 */
export function isOnInternet(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast' || OF_CLOUDS.has(parsed.toString())) return false
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST)
}
