import type { Hono } from 'hono'
import { API, API_QUERIES, CODEC, CONSOLE, type Needs, type Route, WORKER } from './access-table.ts'
import { type AttackTarget, UI_ORIGIN } from './attack-target.ts'
import type { Caller } from './callers.ts'

const RANK: Record<Needs, number> = { anybody: 0, viewer: 1, operator: 2, admin: 3 }
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const EXTREMES = new Set(['nobody', 'the admin token', 'a session of a admin'])
const READS = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Some frameworks let a header or a form field override the method. */
const OVERRIDE = {
  'x-http-method-override': 'DELETE',
  'x-method-override': 'DELETE',
  'x-http-method': 'DELETE',
}

/** Names that nothing has, so that allowed requests change nothing either. */
export const fill = (path: string): string => path.replaceAll(/\{[^}]+\}/g, 'nothing-of-that-name')

/** The expected response: allowed, refused, or the response to a method that the path does not have. */
type Verdict = 'in' | 'unknown' | 'forbidden' | 'elsewhere'

/** Which requests are sent: those that must be refused, those that read, or those that change. */
type Selection = 'refused' | 'reads' | 'changes'

interface EntryPoint {
  app: Hono
  routes: Route[]
  roleOf(caller: Caller): Caller['api']
  /** Headers of every request. */
  headers: Record<string, string>
  /** The response to unknown callers: a 401, or a redirect to the sign-in page. */
  unknown: 'status' | 'redirect'
}

/**
 * Requests every guarded route with every method as every caller.
 * @returns the responses that differ from the access table
 */
export async function attackRoles(target: AttackTarget, selection: Selection): Promise<string[]> {
  const bearers = { roleOf: (c: Caller) => c.api, headers: {}, unknown: 'status' as const }
  const browsers = (c: Caller) => c.console ?? c.api
  const entryPoints: EntryPoint[] = [
    { app: target.web, routes: API, ...bearers },
    { app: target.web, routes: API_QUERIES, ...bearers },
    { app: target.worker, routes: WORKER.filter((r) => r.needs !== 'anybody'), ...bearers },
    { app: target.web, routes: CODEC, ...bearers },
    { app: target.web, routes: CODEC, ...bearers, roleOf: browsers, headers: { origin: UI_ORIGIN } },
    { app: target.web, routes: CONSOLE, roleOf: (c) => c.console, headers: {}, unknown: 'redirect' },
  ]
  const findings: string[] = []
  for (const entryPoint of entryPoints) {
    for (const path of new Set(entryPoint.routes.map((r) => r.path))) {
      for (const method of METHODS) {
        for (const caller of target.callers) {
          const verdict = verdictOf(entryPoint, path, method, caller)
          // Methods that the path does not have, without authentication and with the highest role.
          if (verdict === 'elsewhere' && !EXTREMES.has(caller.name)) continue
          if (!isSelected(selection, verdict, method)) continue
          const found = await ask(entryPoint, method, path, caller)
          if (!agrees(entryPoint, verdict, found))
            findings.push(`${caller.name}: ${method} ${path} must be ${verdict}, and is ${found.status}`)
        }
      }
    }
  }
  return findings
}

function isSelected(selection: Selection, verdict: Verdict, method: string): boolean {
  if (selection === 'refused') return verdict !== 'in'
  return verdict === 'in' && (selection === 'reads') === READS.has(method)
}

function verdictOf(entryPoint: EntryPoint, path: string, method: string, caller: Caller): Verdict {
  const role = entryPoint.roleOf(caller)
  const listed = method === 'HEAD' ? 'GET' : method
  // Another route has the same path, or its fixed segment matches this route's parameter (`/campaigns/preview`).
  const route =
    entryPoint.routes.find((r) => r.path === path && r.method === listed) ??
    entryPoint.routes.find((r) => r.method === listed && covers(r.path, path))
  if (!route) return 'elsewhere'
  if (role === null) return 'unknown'
  return RANK[role] >= RANK[route.needs] ? 'in' : 'forbidden'
}

function covers(pattern: string, path: string): boolean {
  const [patternParts, pathParts] = [pattern.split('/'), path.split('/')]
  return (
    patternParts.length === pathParts.length &&
    patternParts.every((part, i) => part === pathParts[i] || part.startsWith('{'))
  )
}

interface Found {
  status: number
  toSignIn: boolean
  length: number
}

async function ask(entryPoint: EntryPoint, method: string, path: string, caller: Caller): Promise<Found> {
  const hasBody = !READS.has(method) && method !== 'DELETE'
  const response = await entryPoint.app.request(fill(path), {
    method,
    headers: {
      ...OVERRIDE,
      ...entryPoint.headers,
      ...caller.headers,
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
    },
    ...(hasBody ? { body: '{}' } : {}),
  })
  const { length } = await response.text()
  const toSignIn = response.status === 302 && response.headers.get('location') === '/signin'
  return { status: response.status, toSignIn, length }
}

function agrees(entryPoint: EntryPoint, verdict: Verdict, { status, toSignIn, length }: Found): boolean {
  switch (verdict) {
    case 'unknown':
      return entryPoint.unknown === 'redirect' ? toSignIn || status === 403 : status === 401
    case 'forbidden':
      return status === 403
    case 'elsewhere':
      // 204: the codec's answer to a CORS preflight.
      return toSignIn || [401, 403, 404, 405].includes(status) || (status === 204 && length === 0)
    case 'in':
      return !toSignIn && ![401, 403, 405].includes(status) && (status < 500 || status === 503)
    default:
      return verdict satisfies never
  }
}
