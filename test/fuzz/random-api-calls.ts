import type { Random } from '../harness/random.ts'
import { maliciousText } from './malicious-inputs.ts'

/** The part of JSON Schema that is used here. */
interface Schema {
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  $ref?: string
  additionalProperties?: Schema | boolean
}
interface Operation {
  parameters?: { name: string; in: string; schema?: Schema }[]
  requestBody?: { content: Record<string, { schema?: Schema }> }
}
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, Schema> }
}
export interface ApiCall {
  method: string
  path: string
  type: string | null
  body: string | null
}

/** Requests that are generated from an OpenAPI document: almost valid, or invalid in one or many places. */
export function createApiCalls(doc: OpenApi, known: readonly string[]) {
  const operations = Object.entries(doc.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )

  function value(random: Random, schema: Schema | undefined, depth = 0): unknown {
    if (!schema || depth > 6 || random.chance(0.04)) return oddValue(random)
    if (schema.$ref)
      return value(random, doc.components?.schemas?.[schema.$ref.split('/').at(-1) ?? ''], depth)
    const forms = schema.anyOf ?? schema.oneOf ?? schema.allOf
    if (forms && forms.length > 0) return value(random, random.pick(forms), depth + 1)
    if (schema.const !== undefined) return schema.const
    if (schema.enum && schema.enum.length > 0) return random.pick(schema.enum)
    switch (Array.isArray(schema.type) ? random.pick(schema.type) : schema.type) {
      case 'object': {
        const fields = Object.entries(schema.properties ?? {}).filter(([name]) =>
          schema.required?.includes(name) ? random.chance(0.97) : random.chance(0.5),
        )
        const entries = fields.map(([name, of]): [string, unknown] => [name, value(random, of, depth + 1)])
        if (random.chance(0.05))
          entries.push([random.pick(['__proto__', 'constructor', maliciousText(random)]), oddValue(random)])
        return Object.fromEntries(entries)
      }
      case 'array':
        return Array.from({ length: random.integerBelow(4) }, () => value(random, schema.items, depth + 1))
      case 'integer':
      case 'number':
        return random.pick([0, 1, -1, 1.5, 2 ** 31, 2 ** 53, 1e308, 20])
      case 'boolean':
        return random.chance(0.5)
      case 'null':
        return null
      default:
        return random.chance(0.5) ? random.pick(known) : maliciousText(random)
    }
  }

  const oddValue = (random: Random): unknown =>
    random.pick([null, true, 0, -1, 1e308, [], {}, [[[[]]]], maliciousText(random), { a: { b: {} } }])

  return {
    operations: operations.length,
    next(random: Random): ApiCall {
      const { path, method, operation } = random.pick(operations)
      const word = () => (random.chance(0.6) ? random.pick(known) : maliciousText(random).slice(0, 300))
      const filled = path.replaceAll(/\{[^}]+\}/g, () => encode(word()) || 'x')
      const query = new URLSearchParams()
      for (const p of operation.parameters ?? []) {
        if (p.in !== 'query' || random.chance(0.5)) continue
        query.set(p.name, random.chance(0.5) ? String(value(random, p.schema)) : word())
      }
      if (random.chance(0.05)) query.set(word(), word())
      const [type, content] =
        random.pick(Object.entries(operation.requestBody?.content ?? { none: {} })) ?? []
      if (!type || type === 'none') return { method, path: `${filled}?${query}`, type: null, body: null }
      const json = JSON.stringify(value(random, content?.schema)) ?? ''
      const body = random.chance(0.05) ? maliciousText(random) : json
      return { method, path: `${filled}?${query}`, type: random.chance(0.97) ? type : 'text/x-odd', body }
    },
  }
}

function encode(text: string): string {
  return encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'))
}
