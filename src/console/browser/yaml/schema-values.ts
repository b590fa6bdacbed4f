/** The parts of a JSON Schema that completion reads. */
export interface Schema {
  description?: string
  enum?: readonly unknown[]
  const?: unknown
  type?: string | readonly string[]
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  items?: Schema
  anyOf?: readonly Schema[]
  oneOf?: readonly Schema[]
  allOf?: readonly Schema[]
  $ref?: string
  $defs?: Record<string, Schema>
}

/** Something that can be written at a place. */
export interface Choice {
  label: string
  /** As the schema describes it, in both languages. */
  description?: string
}

/** A schema refers to itself for the steps in branches. */
const MAX_FORMS = 200

/** The fields of a map at a path. A list can stand where one of its items can. */
export function fieldsAt(root: Schema, path: readonly string[]): Choice[] {
  const found = new Map<string, string | undefined>()
  for (const { properties = {} } of formsAt(root, path))
    for (const [label, schema] of Object.entries(properties))
      if (!found.has(label)) found.set(label, descriptionOf(root, schema))
  return choices(found)
}

/** The values that are named for a field at a path. */
export function valuesAt(root: Schema, path: readonly string[]): Choice[] {
  const found = new Map<string, string | undefined>()
  for (const form of formsAt(root, path)) {
    const named = form.enum ?? (form.const === undefined ? [] : [form.const])
    const all = form.type === 'boolean' && named.length === 0 ? [true, false] : named
    for (const value of all) if (typeof value !== 'object') found.set(String(value), form.description)
  }
  return choices(found)
}

const choices = (found: ReadonlyMap<string, string | undefined>): Choice[] =>
  [...found].map(([label, description]) => ({ label, ...(description === undefined ? {} : { description }) }))

function formsAt(root: Schema, path: readonly string[]): Schema[] {
  let at = formsOf(root, root)
  for (const part of path) {
    const below = at.flatMap((schema) => childOf(schema, part))
    at = below.flatMap((schema) => formsOf(root, schema)).slice(0, MAX_FORMS)
  }
  return at
}

function childOf(schema: Schema, part: string): Schema[] {
  if (part === '[]') return schema.items ? [schema.items] : []
  const own =
    schema.properties && Object.hasOwn(schema.properties, part) ? schema.properties[part] : undefined
  if (own) return [own]
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []
}

/** A schema and the forms that it may have. */
function formsOf(root: Schema, schema: Schema): Schema[] {
  const found = new Set<Schema>()
  const open = [schema]
  for (let next = open.pop(); next; next = open.pop()) {
    if (found.has(next) || found.size > MAX_FORMS) continue
    found.add(next)
    const target = next.$ref === undefined ? undefined : resolve(root, next.$ref)
    open.push(
      ...(next.anyOf ?? []),
      ...(next.oneOf ?? []),
      ...(next.allOf ?? []),
      ...(target ? [target] : []),
    )
  }
  return [...found]
}

function resolve(root: Schema, ref: string): Schema | undefined {
  if (ref === '#') return root
  return root.$defs?.[ref.replace('#/$defs/', '')]
}

function descriptionOf(root: Schema, schema: Schema): string | undefined {
  return formsOf(root, schema).find(({ description }) => description !== undefined)?.description
}
