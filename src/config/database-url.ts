import { createRequire } from 'node:module'

/** The client of PostgreSQL, loaded when there is a URL to check. */
const loadPg = () => createRequire(import.meta.url)('pg') as typeof import('pg')
const EXAMPLE = 'postgres://USER:PASSWORD@HOST:5432/DATABASE'
/** Characters that a password must percent-encode (RFC 3986, section 2.1). */
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
/** Parameters that may name files. `databaseFilesProblem` checks those when the store is opened. */
const TLS_PARAMETER = /([?&])(?:ssl\w*|uselibpqcompat)=[^&]*/gi

/**
 * Why a client cannot connect with this `DATABASE_URL`, and what to do; null when it can. The message contains no part of
 * the URL, because an invalid URL may have the password anywhere.
 *
 * Besides `postgres://…` the forms of node-postgres for a Unix socket are valid: `/var/run/postgresql database`,
 * `socket:/var/run/postgresql?db=database`, `postgres:///database?host=/var/run/postgresql`
 * (brianc/node-postgres, packages/pg-connection-string/README.md).
 */
export function databaseUrlProblem(url: string): string | null {
  if (/^["']|["']$/.test(url)) return 'is in quotes: remove them'
  if (/^\s|\s$|\p{Cc}/u.test(url)) return 'has white space or a control character: remove it'
  if (url.startsWith('/') || /^socket:/i.test(url)) return parserProblem(url)
  if (!/^postgres(ql)?:\/\//i.test(url)) {
    return /^[a-z][a-z0-9+.-]*:\/\//i.test(url)
      ? `is not an address of PostgreSQL: write ${EXAMPLE}`
      : `has no scheme: write ${EXAMPLE}`
  }
  return structureProblem(url.slice(url.indexOf('//') + 2)) ?? parserProblem(url)
}

/**
 * Why the TLS files of the URL cannot be read; null when they can. Checked when the store is opened, because the command line
 * needs no certificate.
 */
export function databaseFilesProblem(url: string): string | null {
  try {
    ;new (loadPg().Client)({ connectionString: url })
    return null
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? String(err.code) : null
    return code === null
      ? 'its TLS parameters contradict each other (sslmode, sslrootcert, uselibpqcompat)'
      : `a file that it names (sslrootcert, sslcert, sslkey) cannot be read (${code})`
  }
}

/** @param rest what follows `postgres://` */
function structureProblem(rest: string): string | null {
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? ''
  const tail = rest.slice(authority.length)
  const query = tail.indexOf('?')
  const path = query < 0 ? tail : tail.slice(0, query)
  // An @ after the first /, ? or # means that this character is part of the password, unless a known parameter has the @.
  const hasMisplacedAt = path.includes('@') || (query >= 0 && !isQuery(tail.slice(query + 1)))
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  if (host.includes(',')) return 'names several hosts: the client supports only one'
  const [, port] = /^(?:\[[0-9a-f:.]+\]|[^:[\]\s]*)(?::(\d+))?$/i.exec(host) ?? [null, 'none']
  if (port !== undefined && port !== 'none' && !isPort(Number(port))) return PORT_PROBLEM
  return rest.includes('#') || hasMisplacedAt || port === 'none' ? encodingProblem(rest) : null
}

/** Parameters whose value may contain an @. */
const AT_ALLOWED =
  /^(?:user|password|host|options|(?:fallback_)?application_name|ssl\w*|currentSchema|schema)$/

function isQuery(query: string): boolean {
  return query
    .split('&')
    .every((pair) => !pair.includes('@') || AT_ALLOWED.test(pair.slice(0, pair.indexOf('='))))
}

const PORT_PROBLEM = 'has an invalid port: use 1 to 65535'

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= 65_535
}

/** Checks what the client's own parser reads as host and port. */
function parserProblem(url: string): string | null {
  const rest = url.slice(url.indexOf('//') + 2)
  // With a space or an invalid % the parser encodes the whole URL again, and then loses encodings with letters, such as %2F.
  const isReencoded = / |%(?![0-9a-f]{2})/i.test(url)
  if (isReencoded && /%(?:\d[a-f]|[a-f][0-9a-f])/i.test(url)) return encodingProblem(rest)
  try {
    const { host, port } = new (loadPg().Client)({ connectionString: url.replace(TLS_PARAMETER, '$1') })
    if (!isPort(port)) return PORT_PROBLEM
    return /[\s,]/.test(host) && !host.startsWith('/') ? 'has an invalid host' : null
  } catch {
    // The parser's own message may quote the URL.
    return encodingProblem(rest)
  }
}

/** Lists the characters before the host that must be encoded; all of them when it is unclear which. */
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

/** dotenv reads a # as the start of a comment, also without a space before it. */
export const DOT_ENV_HINT = 'In .env a # starts a comment: put the value in quotes, and write # as %23'
