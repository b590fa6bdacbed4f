import type { Hono } from 'hono'
import type { OpenApi } from '../fuzz/random-api-calls.ts'
import { API, CODEC, CONSOLE, LAYERS, PAGE_GUARDS, PUBLIC, type Route, WORKER } from './access-table.ts'

/** `/:name{…\.txt}` → `/{name}.txt`, `/wechat/:appId` → `/wechat/{appId}`. */
const written = (path: string): string => path.replace(/\{.*\\\.txt\}$/, '.txt').replaceAll(/:(\w+)/g, '{$1}')
const rowOf = (method: string, path: string) => `${method} ${path}`

/** Compares the registered routes with the table, in both directions. Guards are registered like routes and are included. */
function attackRoutes(app: Hono, expected: readonly Route[], layers: readonly string[]): string[] {
  const known = new Set([
    ...expected.map((r) => rowOf(r.method, r.path)),
    ...layers.map((path) => rowOf('ALL', path)),
  ])
  const registered = new Set(app.routes.map((r) => rowOf(r.method, written(r.path))))
  return [
    ...[...registered]
      .filter((row) => !known.has(row))
      .map((row) => `${row} is registered but not in the table`),
    ...[...known]
      .filter((row) => !registered.has(row))
      .map((row) => `${row} is in the table but not registered`),
  ]
}

export const attackWebRoutes = (web: Hono) =>
  attackRoutes(web, [...API, ...CODEC, ...CONSOLE, ...PUBLIC], [...LAYERS, ...PAGE_GUARDS])
export const attackWorkerRoutes = (worker: Hono) => attackRoutes(worker, WORKER, ['/*'])

interface WithRole {
  'x-role'?: string
}

/** Compares the calls and roles of the OpenAPI document with the table. */
export function attackDocument(doc: OpenApi): string[] {
  const documented = new Map(
    Object.entries(doc.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]): [string, string] => [
        rowOf(method.toUpperCase(), path),
        // The type of the generator lacks extensions.
        (operation as WithRole)['x-role'] ?? 'none',
      ]),
    ),
  )
  const rows = API.filter((r) => r.path.startsWith('/api/'))
  const known = new Set(rows.map((r) => rowOf(r.method, r.path)))
  return [
    ...rows
      .filter((r) => documented.get(rowOf(r.method, r.path)) !== r.needs)
      .map(
        (r) =>
          `${rowOf(r.method, r.path)} needs ${r.needs}; the document says ${documented.get(rowOf(r.method, r.path))}`,
      ),
    ...[...documented.keys()]
      .filter((row) => !known.has(row))
      .map((row) => `${row} is documented but not in the table`),
  ]
}
