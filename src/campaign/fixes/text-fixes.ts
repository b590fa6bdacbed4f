import { isScalar, LineCounter, visit } from 'yaml'
import { isRecord } from '../../shared/is-record.ts'
import { listOf, valueAt } from '../editing/campaign-items.ts'
import { MESSAGES_MAX } from '../item-model.ts'
import { parseYaml, repeatedKeys } from '../read-yaml.ts'
import { type Fix, type FixContext, type FixRule, fix } from './fix.ts'

/** Fixes of long texts, and of files that cannot be read. */

const BREAK = /[\n。！？!?；;]\s*|\s{2,}/g
const sizeOf = {
  bytes: (text: string) => new TextEncoder().encode(text).length,
  characters: (text: string) => text.length,
}

/**
 * A text in parts of at most this size, cut between sentences; null where one is longer, and where there are too many. Each
 * character is looked at a few times only: a text may be as long as a file.
 */
function parts(text: string, max: number, size: (text: string) => number): string[] | null {
  if (size(text) > max * MESSAGES_MAX) return null
  const found: string[] = []
  let rest = text
  while (size(rest) > max) {
    const cut = lastCut(rest, max, size)
    if (cut === 0) return null
    found.push(rest.slice(0, cut).trimEnd())
    rest = rest.slice(cut)
    if (found.length >= MESSAGES_MAX) return null
  }
  return [...found, rest].filter((part) => part.trim() !== '')
}

/** Where the last sentence ends that a part of this size holds; 0: there is none. */
function lastCut(text: string, max: number, size: (text: string) => number): number {
  const marks = marksOf(text)
  let [best, begin, total, seen] = [0, 0, 0, 0]
  const open = { value: 0, block: 0 }
  for (const match of text.matchAll(BREAK)) {
    const end = match.index + match[0].length
    const sentence = text.slice(begin, end)
    if (total + size(sentence.trimEnd()) > max) break
    total += size(sentence)
    begin = end
    for (let mark = marks[seen]; mark && mark.end <= end; mark = marks[++seen]) open[mark.of] += mark.step
    // A variable or a condition of a template stays whole.
    if (open.value === 0 && open.block === 0) best = end
  }
  return best
}

/** Where variables and conditions of a template begin (1) and end (-1), by where the mark ends. */
function marksOf(text: string): { end: number; of: 'value' | 'block'; step: 1 | -1 }[] {
  const all = (form: RegExp, of: 'value' | 'block', step: 1 | -1) =>
    [...text.matchAll(form)].map((match) => ({ end: match.index + match[0].length, of, step }))
  return [
    ...all(/\{\{/g, 'value', 1),
    ...all(/\}\}/g, 'value', -1),
    ...all(/\{%-?\s*(?:if|for|unless|case)\b/g, 'block', 1),
    ...all(/\{%-?\s*end/g, 'block', -1),
  ].sort((a, b) => a.end - b.end)
}

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
  if (!split || !isRecord(one) || all.length + split.length - 1 > MESSAGES_MAX) return []
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
