import pg from 'pg'

const EXAMPLE = 'postgres://USER:PASSWORD@HOST:5432/DATABASE'
/** What ends or splits an address, and how it is written inside a password (RFC 3986, section 2.1). */
const PERCENT_ENCODED: Readonly<Record<string, string>> = {
  '#': '%23',
  '/': '%2F',
  '?': '%3F',
  '@': '%40',
  '%': '%25',
  ':': '%3A',
  '[': '%5B',
  ']': '%5D',
}
/** Read from files when the store is opened; whether those are there is not said here. */
const TLS_PARAMETER = /([?&])(?:ssl\w*|uselibpqcompat)=[^&]*/gi

/**
 * Why no client can connect with this `DATABASE_URL`, and what to do; null when one can. No part of the URL is in the
 * message: a password may stand anywhere in one that is wrong.
 *
 * Besides `postgres://…` the forms of node-postgres for a Unix socket are right: `/var/run/postgresql database`,
 * `socket:/var/run/postgresql?db=database`, `postgres:///database?host=/var/run/postgresql`
 * (brianc/node-postgres, packages/pg-connection-string/README.md).
 */
export function databaseUrlProblem(url: string): string | null {
  if (/^["']|["']$/.test(url)) return 'quotes stand around the address: leave them out'
  if (/^\s|\s$|\p{Cc}/u.test(url))
    return 'white space or a control character stands in the address: leave it out'
  if (url.startsWith('/') || /^socket:/i.test(url)) return parserProblem(url)
  if (!/^postgres(ql)?:\/\//i.test(url)) {
    return /^[a-z][a-z0-9+.-]*:\/\//i.test(url)
      ? `is no address of PostgreSQL: write ${EXAMPLE}`
      : `has no scheme: write ${EXAMPLE}`
  }
  return structureProblem(url.slice(url.indexOf('//') + 2)) ?? parserProblem(url)
}

/**
 * Whether the files that the URL names for TLS can be read here. Asked where the store is opened, not where settings are
 * read: the command line needs no certificate.
 */
export function databaseFilesProblem(url: string): string | null {
  try {
    new pg.Client({ connectionString: url })
    return null
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? String(err.code) : null
    return code === null
      ? 'its parameters for TLS do not go together (sslmode, sslrootcert, uselibpqcompat)'
      : `a file that it names (sslrootcert, sslcert, sslkey) cannot be read (${code})`
  }
}

/** @param rest what follows `postgres://` */
function structureProblem(rest: string): string | null {
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? ''
  const tail = rest.slice(authority.length)
  const query = tail.indexOf('?')
  const path = query < 0 ? tail : tail.slice(0, query)
  // An @ after the first /, ? or # means that this one stands in the password. In a known parameter's value it may.
  const hasMisplacedAt = path.includes('@') || (query >= 0 && !isQuery(tail.slice(query + 1)))
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  if (host.includes(',')) return 'names several hosts: the client takes one'
  const [, port] = /^(?:\[[0-9a-f:.]+\]|[^:[\]\s]*)(?::(\d+))?$/i.exec(host) ?? [null, 'none']
  if (port !== undefined && port !== 'none' && !isPort(Number(port))) return PORT_PROBLEM
  return rest.includes('#') || hasMisplacedAt || port === 'none' ? encodingProblem(rest) : null
}

/** Parameters whose value may well have an @ in it. */
const AT_ALLOWED =
  /^(?:user|password|host|options|(?:fallback_)?application_name|ssl\w*|currentSchema|schema)$/

function isQuery(query: string): boolean {
  return query
    .split('&')
    .every((pair) => !pair.includes('@') || AT_ALLOWED.test(pair.slice(0, pair.indexOf('='))))
}

const PORT_PROBLEM = 'has a port that is none: 1 to 65535'

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= 65_535
}

/** What the client's own parser says, and what it makes of a host and a port. */
function parserProblem(url: string): string | null {
  const rest = url.slice(url.indexOf('//') + 2)
  // With a space or a % that encodes nothing it encodes the whole URL again, and then loses what has a letter: %2F.
  const isReencoded = / |%(?![0-9a-f]{2})/i.test(url)
  if (isReencoded && /%(?:\d[a-f]|[a-f][0-9a-f])/i.test(url)) return encodingProblem(rest)
  try {
    const { host, port } = new pg.Client({ connectionString: url.replace(TLS_PARAMETER, '$1') })
    if (!isPort(port)) return PORT_PROBLEM
    return /[\s,]/.test(host) && !host.startsWith('/') ? 'names a host that is none' : null
  } catch {
    // The parser's own message may quote the URL.
    return encodingProblem(rest)
  }
}

/** Which characters of the part before the host must be written otherwise; all of them where it cannot be seen. */
function encodingProblem(rest: string): string {
  const at = rest.lastIndexOf('@')
  const beforeHost = rest.slice(0, Math.max(0, at))
  const password = beforeHost.slice(beforeHost.indexOf(':') + 1)
  const found = Object.keys(PERCENT_ENCODED).filter((sign) => password.includes(sign))
  const listed = (found.length > 0 ? found : Object.keys(PERCENT_ENCODED)).map(
    (sign) => `${sign} → ${PERCENT_ENCODED[sign]}`,
  )
  const dotEnv = at < 0 ? `. ${DOT_ENV_HINT}` : ''
  return `cannot be read as ${EXAMPLE}: in user name and password write ${listed.join(', ')}${dotEnv}`
}

/** dotenv takes what follows a # for a comment, also without a space before it. */
export const DOT_ENV_HINT = 'In .env a # begins a comment: put the value in quotes, and write # as %23 in it'
