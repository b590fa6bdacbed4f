import { isMap, isScalar, isSeq, LineCounter, type Pair } from 'yaml'
import { changedOrNull } from './editing/checked-change.ts'
import { parseYaml } from './read-yaml.ts'

/**
 * A campaign file with other `accounts`. All other characters stay: comments, keywords like 007, the form of texts.
 * @returns null when the file is not a map that can be changed in place; then a person must edit it
 */
export function withAccounts(source: string, accounts: readonly string[]): string | null {
  return changedOrNull(
    source,
    (text) => replaceAccounts(text, accounts),
    (values) => ({ ...values, accounts }),
  )
}

/** The same without its check. */
export function replaceAccounts(source: string, accounts: readonly string[]): string | null {
  const doc = parseYaml(source, new LineCounter())
  const root = doc.contents
  if (doc.errors.length > 0 || !isMap(root) || !root.range) return null
  const list = `[${accounts.map((id) => (root.flow ? JSON.stringify(id) : plain(id))).join(', ')}]`
  const pair = root.items.find(({ key }) => isScalar(key) && key.value === 'accounts')
  if (pair) return replaceValue(source, pair, list)
  if (root.flow) {
    const from = source.indexOf('{', root.range[0]) + 1
    const comma = root.items.length > 0 ? ', ' : ''
    return `${source.slice(0, from)}"accounts": ${list}${comma}${source.slice(from)}`
  }
  // A new first line of the map, indented as its other lines.
  const start = root.range[0]
  const indent = source.slice(source.lastIndexOf('\n', start - 1) + 1, start)
  if (indent.trim() !== '') return null
  return `${source.slice(0, start)}accounts: ${list}\n${indent}${source.slice(start)}`
}

function replaceValue(source: string, { value }: Pair, list: string): string | null {
  if (!isSeq(value) || !value.range || value.anchor !== undefined) return null
  const [from, end] = value.range
  const old = source.slice(from, end)
  const text = old.trimEnd()
  if (value.flow) return `${source.slice(0, from)}${list}${source.slice(from + text.length)}`
  // A list with a line for each item begins on the line after the key.
  const colon = source.lastIndexOf(':', from)
  return `${source.slice(0, colon + 1)} ${list}${source.slice(from + text.length)}`
}

/** A text that YAML could read as something else is quoted. */
const plain = (id: string) => (/^[A-Za-z][A-Za-z0-9_-]*$/.test(id) ? id : JSON.stringify(id))
