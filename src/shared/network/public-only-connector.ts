import type { lookup as systemLookup } from 'node:dns'
import { isIP } from 'node:net'
import { buildConnector } from 'undici'
import { isPublicAddress } from './public-address.ts'

/** Why this URL does not lead to the public internet, as far as that is known without a DNS query; null when it may. */
export function privateHostProblem(url: string): string | null {
  // The URL parser normalises each form of an IPv4 address (decimal, octal, hexadecimal, short) to four numbers.
  const host = hostOf(new URL(url).hostname)
  const isPrivate =
    host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && !isPublicAddress(host))
  return isPrivate ? `${host} is not a public address` : null
}

/** The host without the brackets of IPv6 and without trailing dots. */
const hostOf = (hostname: string): string => hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '')

/**
 * Connects only to public addresses. The addresses of a name are checked when it is connected, so that DNS rebinding has no
 * effect. The address of the socket is checked again before a byte is sent.
 * @param howToAllow the end of the error's message, for the operator
 */
export function publicOnlyConnector(
  options: buildConnector.BuildOptions,
  { lookup, howToAllow }: { lookup: typeof systemLookup; howToAllow: string },
): buildConnector.connector {
  const notPublicError = (address: string) =>
    new Error(`the name resolves to ${address}, which is not a public address: ${howToAllow}`)
  const connect = buildConnector({ ...options, lookup: publicOnlyLookup(lookup, notPublicError) })
  return (to, done) => {
    // An address in the URL is connected without a DNS query.
    const host = hostOf(to.hostname)
    if (isIP(host) !== 0 && !isPublicAddress(host)) return done(notPublicError(host), null)
    connect(to, (err, socket) => {
      if (err) return done(err, null)
      const { remoteAddress = '' } = socket
      if (isPublicAddress(remoteAddress)) return done(null, socket)
      socket.destroy()
      done(notPublicError(remoteAddress), null)
    })
  }
}

function publicOnlyLookup(
  lookup: typeof systemLookup,
  notPublicError: (address: string) => Error,
): typeof systemLookup {
  const guardedLookup = (name: string, options: object, done: (...answer: unknown[]) => void) => {
    lookup(name, { ...options, all: true }, (err, addresses) => {
      if (err) return done(err)
      const privateAddress = addresses.find((a) => !isPublicAddress(a.address))
      if (privateAddress) return done(notPublicError(privateAddress.address))
      const [first] = addresses
      return 'all' in options && options.all
        ? done(null, addresses)
        : done(null, first?.address, first?.family)
    })
  }
  // One function cannot implement the overloads of lookup by type.
  return guardedLookup as unknown as typeof systemLookup
}
