import ipaddr from 'ipaddr.js'

/** The range that IANA assigns global unicast addresses from (RFC 4291, section 2.4). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')
/** Unassigned parts of it: documentation (RFC 9637) and the returned 6bone (RFC 3701). */
const UNASSIGNED = ['3fff::/20', '3ffe::/16'].map((range) => ipaddr.IPv6.parseCIDR(range))
/** The words before the IPv4 address in the lower half of an ISATAP address (RFC 5214, section 6.1). */
const ISATAP = [
  [0x0000, 0x5efe],
  [0x0200, 0x5efe],
]
/**
 * Public addresses of internal cloud services: Azure's platform
 * (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16). The addresses of other clouds are in
 * ranges that are not public: 169.254.169.254 (most), 169.254.0.23 (Tencent), 100.100.100.200 (Alibaba), 192.0.0.192 (Oracle),
 * fd00:ec2::254 (Amazon), fd20:ce::254 (Google).
 */
const CLOUD_INTERNAL = new Set(['168.63.129.16'])

/**
 * True for a public IP address: global unicast by IANA's registries of special-purpose addresses
 * (https://www.iana.org/assignments/iana-ipv4-special-registry, iana-ipv6-special-registry), as implemented by ipaddr.js.
 *
 * False for private, loopback and link-local addresses, and for a text that is not an address. False also for IPv6 forms that
 * contain an IPv4 address: mapped, compatible, NAT64, 6to4, Teredo, and ISATAP with a private one.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast' || CLOUD_INTERNAL.has(parsed.toString())) return false
  return parsed instanceof ipaddr.IPv4 || isGlobalIPv6(parsed)
}

function isGlobalIPv6(address: ipaddr.IPv6): boolean {
  if (!address.match(GLOBAL_UNICAST) || UNASSIGNED.some((range) => address.match(range))) return false
  const [high = 0, low = 0] = address.parts.slice(6)
  const isIsatap = ISATAP.some(([flags, id]) => address.parts[4] === flags && address.parts[5] === id)
  return !isIsatap || isPublicAddress([high >> 8, high & 0xff, low >> 8, low & 0xff].join('.'))
}
