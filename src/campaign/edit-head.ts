import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, type YAMLMap } from 'yaml'
import { replaceAccounts } from './edit-accounts.ts'
import { changedOrNull } from './editing/checked-change.ts'
import { parseYaml, sizeProblem } from './read-yaml.ts'

/** What a copy of a campaign has of its own. */
export interface CampaignHead {
  id: string
  name: string
  /** null: every account; absent: those of the file. */
  accounts?: readonly string[] | null
}

/**
 * A campaign file with another id, name and list of accounts. All other characters stay.
 * @returns null when the file is not a map that can be changed in place; then a person must edit it
 */
export function withHead(source: string, head: CampaignHead): string | null {
  const { id, name, accounts } = head
  return changedOrNull(
    source,
    (text) => replaceHead(text, head),
    ({ accounts: before, ...others }) => ({
      ...others,
      id,
      name,
      accounts: accounts === undefined ? before : (accounts ?? undefined),
    }),
  )
}

function replaceHead(source: string, { id, name, accounts }: CampaignHead): string | null {
  const named = [
    ['name', name],
    ['id', id],
  ].reduce<string | null>((text, [key, value]) => text && withText(text, key ?? '', value ?? ''), source)
  if (named === null || accounts === undefined) return named
  return accounts ? replaceAccounts(named, accounts) : withoutAccounts(named)
}

/** The value of a field of the file's head; null: it has none, or it is not a text. */
export function headText(source: string, key: 'id' | 'name'): string | null {
  const { value } = pairOf(readMap(source), key) ?? {}
  return isScalar(value) && (typeof value.value === 'string' || typeof value.value === 'number')
    ? String(value.value)
    : null
}

function withText(source: string, key: string, text: string): string | null {
  const root = readMap(source)
  if (!root?.range) return null
  const quoted = root.flow || !/^[\p{L}\p{N}][\p{L}\p{N} _-]*$/u.test(text) || isOtherScalar(text)
  const shown = quoted ? JSON.stringify(text) : text
  const pair = pairOf(root, key)
  if (pair) {
    const range = isScalar(pair.value) ? pair.value.range : null
    if (!range || isBlockText(source, pair.value as Node)) return null
    return `${source.slice(0, range[0])}${shown}${source.slice(range[1])}`
  }
  if (root.flow) {
    const from = source.indexOf('{', root.range[0]) + 1
    const comma = root.items.length > 0 ? ', ' : ''
    return `${source.slice(0, from)}"${key}": ${shown}${comma}${source.slice(from)}`
  }
  const start = root.range[0]
  const indent = source.slice(source.lastIndexOf('\n', start - 1) + 1, start)
  return indent.trim() === ''
    ? `${source.slice(0, start)}${key}: ${shown}\n${indent}${source.slice(start)}`
    : null
}

/** The file without its line `accounts`: it serves every account. */
function withoutAccounts(source: string): string | null {
  const root = readMap(source)
  if (!root) return null
  const pair = pairOf(root, 'accounts')
  if (!pair) return source
  const key = pair.key as Node
  if (root.flow || !isSeq(pair.value) || !pair.value.range || !key.range) return null
  const from = source.lastIndexOf('\n', key.range[0] - 1) + 1
  const end = source.indexOf('\n', from + source.slice(from, pair.value.range[1]).trimEnd().length)
  return `${source.slice(0, from)}${end < 0 ? '' : source.slice(end + 1)}`
}

function readMap(source: string): YAMLMap | null {
  if (sizeProblem(source) !== null) return null
  const doc = parseYaml(source, new LineCounter())
  return doc.errors.length === 0 && isMap(doc.contents) ? doc.contents : null
}

function pairOf(root: YAMLMap | null, key: string): Pair | undefined {
  return root?.items.find((item) => isScalar(item.key) && item.key.value === key)
}

const isBlockText = (source: string, { range }: Node) => /^[|>]/.test(source.slice(range?.[0] ?? 0))

/** A plain text that YAML reads as a number, a boolean or null. */
const isOtherScalar = (text: string) => /^(?:[\d.]+|true|false|null|yes|no|on|off)$/i.test(text.trim())
