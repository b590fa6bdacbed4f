import type { lookup as systemLookup } from 'node:dns'
import { isIP } from 'node:net'
import { buildConnector } from 'undici'
import { isPublicAddress } from './public-address.ts'

const HOW_TO_ALLOW = 'FORWARD_PRIVATE=on allows it'

/** Why events may not be forwarded to this URL, as far as it shows without a DNS query; null: nothing is wrong. */
export function forwardProblem(url: string, allowPrivate: boolean): string | null {
  if (allowPrivate) return null
  // The URL's parser has written each form of an IPv4 address (decimal, octal, hexadecimal, short) as four numbers.
  const host = hostOf(new URL(url).hostname)
  const isPrivate =
    host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && !isPublicAddress(host))
  return isPrivate ? `the address is none of the open internet; ${HOW_TO_ALLOW}` : null
}

/** Without the brackets of IPv6, and without the dot that may end a name. */
const hostOf = (hostname: string): string => hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '')

/**
 * Connects to public addresses alone. A name is checked when it is connected, not before, so that DNS rebinding gains
 * nothing. The address of the socket is checked once more, before a byte is sent.
 */
export function publicOnlyConnector(
  options: buildConnector.BuildOptions,
  lookup: typeof systemLookup,
): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup: publicOnlyLookup(lookup) })
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

function publicOnlyLookup(lookup: typeof systemLookup): typeof systemLookup {
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
  // The overloads of lookup cannot be written as one function.
  return guardedLookup as unknown as typeof systemLookup
}

const notPublicError = (address: string) =>
  new Error(`the name leads to ${address}, an address that is none of the open internet; ${HOW_TO_ALLOW}`)
