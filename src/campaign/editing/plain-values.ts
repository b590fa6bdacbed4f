import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter } from 'yaml'
import { isRecord } from '../../shared/is-record.ts'
import {
  ALIASES_MAX,
  DEPTH_MAX,
  explainYamlError,
  parseYaml,
  repeatedKeys,
  sizeProblem,
  VALUES_MAX,
} from '../read-yaml.ts'

/** A campaign file of any state, opened for reading or for changing it. */

/** The text cannot be changed in this place: it is no YAML, or uses what only a person can change. */
export class CannotEdit extends Error {
  override name = 'CannotEdit'
}

/** Parses a text for changing it. @throws CannotEdit */
export function openSource(source: string): Document.Parsed {
  const tooLarge = sizeProblem(source)
  if (tooLarge !== null) throw new CannotEdit(tooLarge)
  const doc = parseYaml(source, new LineCounter(), { strict: false })
  const [error] = doc.errors
  if (error) throw new CannotEdit(explainYamlError(error.code, error.message))
  if (repeatedKeys(doc).length > 0) throw new CannotEdit('Map keys must be unique')
  return doc
}

/**
 * The content of a file as plain values, with errors or without. Unquoted numbers with another spelling, such as 007, are texts.
 * @returns what the text has at its top: mostly a map of fields; an empty one for an empty text. It is not to be changed
 * @throws CannotEdit
 */
export function plainValue(source: string): unknown {
  if (last?.source !== source) {
    const doc = openSource(source)
    last = { source, value: plainReader(doc)(doc.contents, 0) ?? {} }
  }
  return last.value
}
/** What a change makes is mostly what is read next. */
let last: { source: string; value: unknown } | null = null

/** The values of a file with a map of fields at its top. @throws CannotEdit */
export function plainFields(source: string): Record<string, unknown> {
  const value = plainValue(source)
  if (!isRecord(value)) throw new CannotEdit('it is no map of fields')
  return value
}

/** Reads values with the limits of a check: references can make few characters endless. @throws CannotEdit */
function plainReader(doc: Document): (node: unknown, depth: number) => unknown {
  let [values, aliases] = [0, 0]
  return function read(node, depth): unknown {
    if (isAlias(node) && ++aliases > ALIASES_MAX) throw new CannotEdit('it has too many references (*)')
    if (++values > VALUES_MAX || depth > DEPTH_MAX)
      throw new CannotEdit('it is too large, or nested too deep')
    if (isAlias(node)) {
      const target = node.resolve(doc)
      if (!target) throw new CannotEdit(`the reference *${node.source} has no anchor above it`)
      return read(target, depth)
    }
    if (isMap(node)) {
      const pairs = node.items.map(({ key, value }) => [
        isScalar(key) ? (key.source ?? String(key.value)) : String(key),
        read(value, depth + 1),
      ])
      return Object.fromEntries(pairs)
    }
    if (isSeq(node)) return node.items.map((item) => read(item, depth + 1))
    if (!isScalar(node)) return null
    const { value, source } = node
    if (typeof value === 'object' && value !== null) return source ?? String(value)
    return typeof value === 'number' && source !== undefined && String(value) !== source ? source : value
  }
}
