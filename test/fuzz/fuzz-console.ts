import { createRandom, type Random } from '../harness/random.ts'
import { type Findings, recordOutcome, secretIn } from './findings.ts'
import type { FuzzTarget } from './fuzz-target.ts'
import { SECRETS } from './malformed-callbacks.ts'
import { damage, maliciousText } from './malicious-inputs.ts'

const PATHS = [
  ...[
    '/',
    '/signin',
    '/signout',
    '/campaigns',
    '/campaigns/fuzz',
    '/followers',
    '/users',
    '/tokens',
    '/audit',
  ],
  ...['/followers/wxfuzzplain/oFuzz', '/followers/wxfuzzplain/oFuzz/run', '/assets/console.css'],
  ...['/codec/decode', '/codec/encode', '/healthz', '/nothing'],
]
const TYPES = [
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'application/json',
  'text/plain',
]
const QUERIES = ['cursor', 'status', 'appId', 'campaign', 'token', 'v']
const ODD_PATHS = ['%00', '%', '%zz', '%ff%fe', '..%2f', '%ed%a0%80', '/', '//', '%25', ';a=b', 'ａ']
/** Characters that an HTTP/1.1 header may contain. Node rejects all others before the app sees them. */
const headerText = (text: string) => text.replaceAll(/[^\x20-\x7e\x80-\xff]/g, '').trim()

/** Requests the pages of the console and the codec, with each of these sessions and with none. No response may be 5xx. */
export async function fuzzConsole(
  server: FuzzTarget,
  findings: Findings,
  options: { count: number; seed: number; cookies: readonly string[] },
): Promise<void> {
  const { count, seed, cookies } = options
  for (let n = 0; n < count && findings.found.length < 20; n++) {
    const random = createRandom(seed * 1_000_003 + n)
    const { path, init } = request(random, cookies)
    const answer = await server.web.request(path, init)
    const text = await answer.text()
    recordOutcome(findings, `console ${answer.status}`)
    const revealed = secretIn(text) ?? secretIn(JSON.stringify([...answer.headers]))
    const stack = /\n\s+at .+:\d+:\d+/.test(text)
    if (answer.status >= 500 || revealed || stack)
      findings.found.push(
        `console ${seed}:${n} ${init.method} ${path} → ${answer.status} ${revealed ? `shows ${revealed}` : text.slice(0, 200)}`,
      )
  }
}

function request(random: Random, cookies: readonly string[]): { path: string; init: RequestInit } {
  const method = random.chance(0.6)
    ? 'GET'
    : random.pick(['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])
  const query = new URLSearchParams()
  for (const name of QUERIES)
    if (random.chance(0.25))
      query.append(name, random.chance(0.5) ? cursor(random) : maliciousText(random).slice(0, 4_000))
  const path = `${random.pick(PATHS)}${random.chance(0.3) ? `/${random.pick(ODD_PATHS)}` : ''}?${query}`
  const headers = new Headers()
  const oddText = () => headerText(maliciousText(random)).slice(0, 500)
  const signedIn = random.pick(['', ...cookies])
  if (signedIn) headers.set('cookie', random.chance(0.1) ? `${oddText()}; ${signedIn}` : signedIn)
  else if (random.chance(0.3)) headers.set('cookie', `nurture_session=${oddText()}`)
  if (random.chance(0.3))
    headers.set('authorization', random.chance(0.7) ? `Bearer ${SECRETS.adminToken}` : oddText())
  for (const name of [
    'x-forwarded-for',
    'x-forwarded-proto',
    'origin',
    'hx-request',
    'if-none-match',
    'accept',
  ])
    if (random.chance(0.1)) headers.set(name, oddText())
  if (['GET', 'HEAD', 'OPTIONS'].includes(method)) return { path, init: { method, headers } }
  headers.set('content-type', random.chance(0.9) ? random.pick(TYPES) : oddText() || 'x')
  return { path, init: { method, headers, body: Uint8Array.from(body(random)) } }
}

/** A well-formed cursor that the product never issued. */
const cursor = (random: Random) =>
  Buffer.from(
    random.pick(['1 a', 'x y', '1e400 a', '-1', '9'.repeat(30), 'a\0b', `${maliciousText(random)} b`]),
  )
    .toString('base64url')
    .slice(0, 2_000)

function body(random: Random): Buffer {
  const text = maliciousText(random)
  const form = random.pick([
    `name=${text}&password=x`,
    `token=${encodeURIComponent(Buffer.from(text).toString())}`,
    `--x\r\ncontent-disposition: form-data; name="name"\r\n\r\n${text}\r\n--x--\r\n`,
    JSON.stringify({ payloads: [{ metadata: { encoding: 'YmluYXJ5L2VuY3J5cHRlZA==' }, data: 'AAAA' }] }),
    JSON.stringify({ payloads: [{ data: text }] }),
  ])
  return random.chance(0.5) ? damage(random, Buffer.from(form)) : Buffer.from(form)
}
