import { isScalar, LineCounter, visit } from 'yaml'
import { isFields, listOf } from '../editing/campaign-items.ts'
import { parseYaml, repeatedKeys } from '../read-yaml.ts'
import { type Fix, type FixContext, type FixRule, fix, valueAt } from './fix.ts'

/** Fixes of long texts, and of files that cannot be read. */

const MESSAGES_MAX = 5
const BREAK = /[\n。！？!?；;]\s*|\s{2,}/g
const sizeOf = {
  bytes: (text: string) => new TextEncoder().encode(text).length,
  characters: (text: string) => text.length,
}

/** A text in parts of at most this size, cut between sentences; null where one is longer. */
function parts(text: string, max: number, size: (text: string) => number): string[] | null {
  const found: string[] = []
  let rest = text
  while (size(rest) > max) {
    const cuts = [...rest.matchAll(BREAK)].map((match) => match.index + match[0].length)
    // A variable or a condition of a template stays whole.
    const cut = cuts.findLast((at) => size(rest.slice(0, at).trimEnd()) <= max && isWhole(rest.slice(0, at)))
    if (cut === undefined || cut === 0) return null
    found.push(rest.slice(0, cut).trimEnd())
    rest = rest.slice(cut)
    if (found.length >= MESSAGES_MAX) return null
  }
  return [...found, rest].filter((part) => part.trim() !== '')
}

const count = (text: string, form: RegExp) => (text.match(form) ?? []).length
const isWhole = (text: string) =>
  count(text, /\{\{/g) === count(text, /\}\}/g) &&
  count(text, /\{%-?\s*(?:if|for|unless|case)\b/g) === count(text, /\{%-?\s*end/g)

/** A text of a step as several messages. A reply is one message. */
function splitText(
  { fields, path }: FixContext,
  max: string,
  size: (text: string) => number,
): readonly Fix[] {
  const text = valueAt(fields, path)
  const message = path.slice(0, -1)
  const at = message.lastIndexOf('send')
  if (path.at(-1) !== 'text' || typeof text !== 'string' || at < 0 || message.length - at > 2) return []
  const send = message.slice(0, at + 1)
  const old = valueAt(fields, send)
  const all = Array.isArray(old) ? listOf(old) : [old]
  const index = Array.isArray(old) ? Number(message.at(-1)) : 0
  const one = all[index]
  const split = parts(text, Number(max), size)
  if (!split || !isFields(one) || all.length + split.length - 1 > MESSAGES_MAX) return []
  const messages = split.map((part) => ({ ...one, text: part }))
  const value = [...all.slice(0, index), ...messages, ...all.slice(index + 1)]
  return [fix('split-text', [String(split.length)], { do: 'set', path: send, value })]
}

/** The lines of a field that its map has already. */
function withoutRepeated({ source, issue }: FixContext): readonly Fix[] {
  const lines = new LineCounter()
  const doc = parseYaml(source, lines, { strict: false })
  const start = repeatedKeys(doc).find((at) => lines.linePos(at).line === issue.line)
  if (start === undefined) return []
  let removed: Fix | null = null
  visit(doc, {
    Map(_, map) {
      const pair = map.items.find(({ key }) => isScalar(key) && key.range?.[0] === start)
      if (!pair || !isScalar(pair.key) || map.flow === true) return
      const lineStart = source.lastIndexOf('\n', start - 1) + 1
      // The first field behind the dash of an item stays.
      if (source.slice(lineStart, start).trim() !== '') return
      const next = map.items[map.items.indexOf(pair) + 1]?.key
      const nextAt = isScalar(next) ? next.range?.[0] : undefined
      const end =
        nextAt === undefined
          ? endOf(source, map.range?.[2] ?? source.length)
          : source.lastIndexOf('\n', nextAt) + 1
      const kept = source.slice(0, lineStart) + source.slice(end)
      removed = fix('repeated-key', [String(pair.key.value)], { do: 'text', source: kept })
      return visit.BREAK
    },
  })
  return removed ? [removed] : []
}

function endOf(source: string, at: number): number {
  if (at > 0 && source[at - 1] === '\n') return at
  const found = source.indexOf('\n', at)
  return found < 0 ? source.length : found + 1
}

/** Spaces in place of the tabs at the beginning of lines. */
function withSpaces({ source }: FixContext): readonly Fix[] {
  const indented = source.replace(/^[ \t]+/gm, (indent) => indent.replaceAll('\t', '  '))
  return indented === source ? [] : [fix('spaces', [], { do: 'text', source: indented })]
}

export const TEXT_FIXES: readonly FixRule[] = [
  [
    /^has \d+ bytes of UTF-8, and WeChat accepts at most (\d+): /,
    (context, max = '') => splitText(context, max, sizeOf.bytes),
  ],
  [
    /^has \d+ characters, and a message has at most (\d+): /,
    (context, max = '') => splitText(context, max, sizeOf.characters),
  ],
  [/Map keys must be unique$/, withoutRepeated],
  [/the line is indented with a tab: |Tabs are not allowed as indentation/, withSpaces],
]
