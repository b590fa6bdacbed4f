import { request } from 'node:http'
import type { Hono } from 'hono'
import { listen } from '../../src/bootstrap/http/server.ts'
import { API, CODEC, CONSOLE, PUBLIC, type Route } from './access-table.ts'
import type { AttackTarget } from './attack-target.ts'
import type { Caller } from './callers.ts'
import { fill } from './role-attacks.ts'

const FOREIGN = 'https://evil.example'
const FORMS = ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain']

type Headers = Record<string, string>
interface Answer {
  status: number
  location: string | undefined
  body: string
}

/** Sends a request with the path unchanged. A client library would normalise it. */
function send(port: number, method: string, path: string, headers: Headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (res) => {
      let body = ''
      res.setEncoding('utf8')
      res.on('data', (part: string) => {
        body += part
      })
      res.on('end', () => resolve({ status: res.statusCode ?? 0, location: res.headers.location, body }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** Other spellings of a path that a server, a proxy or a router may treat as the same path. */
function spellings(path: string): string[] {
  const [, first = '', ...rest] = path.split('/')
  const tail = rest.map((part) => `/${part}`).join('')
  const coded = `%${first.charCodeAt(0).toString(16)}${first.slice(1)}`
  return [
    `${path}/`,
    `/${path}`,
    `/${first}/${tail}`,
    `${path}//`,
    `/./${first}${tail}`,
    `/healthz/..${path}`,
    `/wechat/%2e%2e${path}`,
    `/assets/..%2f${first}${tail}`,
    `/wechat/x/../..${path}`,
    path.toUpperCase(),
    `/${first.toUpperCase()}${tail}`,
    `/${coded}${tail}`,
    path.replaceAll('/', '%2f'),
    `/${first}${tail.replaceAll('/', '%2F')}`,
    `/${first}${tail.replaceAll('/', '%252f')}`,
    `${path}%00`,
    `${path}%00.txt`,
    `${path}.txt`,
    `${path}.json`,
    `${path};x=/healthz`,
    `${path}?/api/openapi.json`,
    `${path}#/api/openapi.json`,
    `${path}%23/api/openapi.json`,
    `${path}\\`,
    path.replaceAll('/', '\\'),
    `http://127.0.0.1${path}`,
    `http://${FOREIGN.slice(8)}${path}`,
    `/api/openapi.json/..${path}`,
    `/wechat/../${path.slice(1)}`,
    `${path}/../../api/openapi.json/..`,
  ]
}

/** Headers with which some servers let a client override the path or the origin of a request. */
const FORWARDED_CLAIMS = {
  'x-original-url': '/healthz',
  'x-rewrite-url': '/healthz',
  'x-forwarded-for': '127.0.0.1',
  'x-real-ip': '127.0.0.1',
  'x-forwarded-host': 'localhost',
  forwarded: 'for=127.0.0.1;proto=https',
}

const EXTRAS: Headers[] = [{}, FORWARDED_CLAIMS, { 'hx-request': 'true' }]

/** 404 and 400: the spelling names no route. */
const isRefusal = ({ status, location, body }: Answer) =>
  [400, 401, 403, 404, 405].includes(status) ||
  (status === 302 && location === '/signin') ||
  isEmptyFragment(status, body) ||
  (status === 422 && body.includes('The URL contains a NUL character'))
/** A self-refreshing part of a page is sent to the sign-in page. */
const isEmptyFragment = (status: number, body: string) => status === 200 && body === ''

/**
 * Requests each guarded route in other spellings, without authentication and with the role below the required one.
 * @param every tries every n-th spelling of a route; 1: all spellings
 */
export async function attackSpellings(target: AttackTarget, every: number): Promise<string[]> {
  const findings: string[] = []
  await withServer(target.web, async (port) => {
    let n = 0
    for (const route of [...API, ...CODEC, ...CONSOLE]) {
      const paths = spellings(fill(route.path)).filter(() => n++ % every === 0)
      for (const caller of unauthorisedCallers(route, target.callers)) {
        for (const path of paths) {
          for (const more of EXTRAS) {
            // Node does not send a path that a request line cannot contain.
            const answer = await send(port, route.method, path, { ...caller.headers, ...more }).catch(
              () => null,
            )
            if (answer && !isRefusal(answer))
              findings.push(
                `${caller.name}: ${route.method} ${path} is ${answer.status} ${answer.body.slice(0, 80)}`,
              )
          }
        }
      }
    }
  })
  return findings
}

/** The caller without authentication, and the caller with the highest role that does not suffice. */
function unauthorisedCallers(route: Route, callers: readonly Caller[]): Caller[] {
  const below = { anybody: null, viewer: null, operator: 'viewer', admin: 'operator' }[route.needs]
  const side = CONSOLE.includes(route) ? 'console' : 'api'
  const weaker = below && callers.find((c) => c[side] === below)
  return callers.filter((c) => c.name === 'nobody' || c === weaker)
}

/** All changing routes of the console, and the public routes that other systems do not sign: callbacks and hooks ignore cookies. */
const FORM_PATHS = PUBLIC.filter((r) => r.method !== 'GET' && !/^\/(wechat|hooks)/.test(r.path)).map((r) =>
  fill(r.path),
)

/** Sends the console's forms as a page of another site would make a signed-in browser send them. */
export async function attackForms(target: AttackTarget): Promise<string[]> {
  const findings: string[] = []
  const victim = target.callers.find((c) => c.name === 'a session of a admin')
  const claims: Headers[] = [
    { origin: FOREIGN },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: `${FOREIGN}:3000`, 'sec-fetch-site': 'cross-site' },
    { origin: 'http://localhost.evil.example' },
  ]
  await withServer(target.web, async (port) => {
    for (const path of FORM_PATHS) {
      for (const claim of claims) {
        for (const type of FORMS) {
          const headers = { ...victim?.headers, ...claim, 'content-type': type }
          const { status } = await send(port, 'POST', path, headers)
          if (status !== 403)
            findings.push(`POST ${path} with ${JSON.stringify(claim)} as ${type} is ${status}`)
        }
      }
    }
    const before = await send(port, 'GET', '/', victim?.headers)
    if (before.status !== 200) findings.push(`the browser was signed out: ${before.status}`)
    // GET must not execute the form either.
    await send(port, 'GET', '/signout', victim?.headers)
    const after = await send(port, 'GET', '/', victim?.headers)
    if (after.status !== 200) findings.push('GET /signout signs out')
  })
  return findings
}

async function withServer(app: Hono, work: (port: number) => Promise<void>): Promise<void> {
  const server = await listen(app, 0, '127.0.0.1')
  await work(server.port).finally(server.close)
}
