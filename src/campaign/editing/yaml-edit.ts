import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { changed } from './checked-change.ts'
import { keyRank } from './key-order.ts'
import { copyPlain, insertPlain, movePlain, type Path, removePlain, setPlain } from './plain-edits.ts'
import { CannotEdit, openSource, plainValue } from './plain-values.ts'
import {
  allInFlow,
  isShort,
  LINE_MAX,
  newDocument,
  PLACEHOLDER,
  print,
  printedAt,
  printedPair,
  styled,
  withoutOuterComments,
} from './printed-nodes.ts'
import {
  columnOf,
  endOfLine,
  indentOf,
  shifted,
  spliceLines,
  startOfLine,
  withNewline,
} from './text-lines.ts'

/**
 * Changes of a campaign file as text. Only the field or the item that changes is written again: the rest of the text, with its
 * comments, stays as it is, byte for byte.
 */

export type { Path } from './plain-edits.ts'

/** The node at a path; undefined when there is none. @throws CannotEdit for a reference on the way */
function nodeAt(doc: Document, path: Path): Node | null | undefined {
  let at: unknown = doc.contents
  for (const key of path) {
    if (isAlias(at)) throw new CannotEdit('a reference (*) is on the way')
    if (isMap(at)) at = pairOf(at, key)?.value
    else if (isSeq(at) && typeof key === 'number') at = at.items[key]
    else return undefined
  }
  if (isAlias(at)) throw new CannotEdit('it is a reference (*)')
  return isNode(at) || at === null ? (at as Node | null) : undefined
}

/** The line of the deepest node on a path that exists, counted from 1; 1 for a text that cannot be read. */
export function lineOf(source: string, path: readonly (string | number)[]): number {
  try {
    const doc = openSource(source)
    let [at, start]: [unknown, number] = [doc.contents, 0]
    for (const key of path) {
      if (isMap(at)) at = pairOf(at, key)?.value
      else if (isSeq(at)) at = at.items[Number(key)]
      else break
      if (isNode(at)) start = at.range?.[0] ?? start
    }
    return source.slice(0, start).split('\n').length
  } catch (err) {
    if (!(err instanceof CannotEdit)) throw err
    return 1
  }
}

/** Sets a field or an item of a list; undefined removes it. Missing maps above are made. */
export function setField(source: string, path: Path, value: unknown): string {
  return changed(
    source,
    (text) => withField(text, path, value),
    (values) => setPlain(values, path, value),
  )
}

function withField(source: string, path: Path, value: unknown): string {
  const doc = openSource(source)
  const above = path.slice(0, -1)
  const key = path.at(-1)
  if (key === undefined) return print(newDocument(value))
  if (doc.contents === null) return withField('{}\n', path, value)
  const container = nodeAt(doc, above)
  if (isSeq(container) && typeof key === 'number') {
    const old = container.items[key]
    if (isNode(old)) return replaceNode(source, doc, path, styled(doc, value, old))
    throw new CannotEdit(`there is no item ${key}`)
  }
  if (isSeq(container) && container.items.length > 0)
    throw new CannotEdit('a list stands in the place of a map')
  if (!isMap(container)) return value === undefined ? source : withField(source, above, { [key]: value })
  const flow = outermostFlow(doc, above)
  if (flow?.length === 0) {
    // Without fields, the map is printed in one line again.
    if (container.items.length === 0 && above.length === 0)
      return value === undefined ? source : print(newDocument({ [key]: value }))
    return withField(print(newDocument(plainValue(source))), path, value)
  }
  const pair = pairOf(container, key)
  if (value === undefined && !pair) return source
  if (flow) {
    if (value === undefined) container.delete(pair?.key)
    else setInMap(doc, container, key, value)
    return reprint(source, doc, flow)
  }
  if (value === undefined) return removePair(source, doc, above, container, pair as FilePair)
  const old = pair && isNode(pair.value) ? pair.value : null
  const node = styled(doc, value, old)
  if (pair) return splicePair(source, pair, node)
  return insertPair(source, container, String(key), node)
}

/** Inserts a value into a list before an index. A missing list is made. */
export function insertItem(source: string, list: Path, index: number, value: unknown): string {
  return changed(
    source,
    (text) => withItem(text, list, index, value),
    (values) => insertPlain(values, list, index, value),
  )
}

function withItem(source: string, list: Path, index: number, value: unknown): string {
  const doc = openSource(source)
  const seq = nodeAt(doc, list)
  if (!isSeq(seq) || seq.items.length === 0) return withField(source, list, [value])
  if (outermostFlow(doc, list)) return withItem(inBlock(source, list), list, index, value)
  const neighbour = seq.items[Math.max(0, index - 1)]
  const node = styled(doc, value, null)
  if (isMap(node) && isMap(neighbour)) {
    node.flow = neighbour.flow === true && isShort(node, 2 * LINE_MAX)
    if (node.flow) allInFlow(node)
  }
  const { dash } = itemExtent(source, seq, Math.min(index, seq.items.length - 1))
  const at =
    index < seq.items.length
      ? itemExtent(source, seq, index).start
      : itemExtent(source, seq, seq.items.length - 1).end
  return spliceLines(source, at, at, `${' '.repeat(dash)}- ${printedAt(node, dash + 2)}\n`)
}

/** Removes an item of a list, with the comment above it. An empty list is removed, except where `keepList` says so. */
export function removeItem(source: string, path: Path, keepList = false): string {
  return changed(
    source,
    (text) => withoutItem(text, path, keepList),
    (values) => removePlain(values, path, keepList),
  )
}

function withoutItem(source: string, path: Path, keepList: boolean): string {
  const list = path.slice(0, -1)
  const index = Number(path.at(-1))
  const doc = openSource(source)
  const seq = nodeAt(doc, list)
  if (!isSeq(seq) || !seq.items[index]) throw new CannotEdit('there is no such item')
  if (seq.items.length === 1) return withField(source, list, keepList ? [] : undefined)
  const flow = outermostFlow(doc, list)
  if (flow) {
    seq.items.splice(index, 1)
    return reprint(source, doc, flow)
  }
  const { start, end } = itemExtent(source, seq, index)
  return source.slice(0, start) + source.slice(end)
}

/**
 * Moves an item, with its comments, to a place in the same or in another list.
 * @param to index in the list as it is now, before the move
 */
export function moveItem(source: string, path: Path, list: Path, to: number): string {
  return changed(
    source,
    (text) => withMovedItem(text, path, list, to),
    (values) => movePlain(values, path, list, to),
  )
}

function withMovedItem(source: string, path: Path, list: Path, to: number): string {
  const from = path.slice(0, -1)
  const index = Number(path.at(-1))
  if (startsWith(list, path)) throw new CannotEdit('an item cannot be moved into itself')
  let text = inBlock(source, from)
  const before = openSource(text)
  const item = nodeAt(before, path)
  if (item === undefined || !isSeq(nodeAt(before, from))) throw new CannotEdit('there is no such item')
  const target = nodeAt(before, list)
  const isEmpty = !isSeq(target) || target.items.length === 0
  text = inBlock(isEmpty ? withField(text, list, [PLACEHOLDER]) : text, list)
  const doc = openSource(text)
  const [seqFrom, seqTo] = [nodeAt(doc, from), nodeAt(doc, list)]
  if (!isSeq(seqFrom) || !isSeq(seqTo) || !seqFrom.items[index]) throw new CannotEdit('there is no such item')
  const extent = itemExtent(text, seqFrom, index)
  const place = itemExtent(text, seqTo, Math.min(to, seqTo.items.length - 1))
  const at = to < seqTo.items.length ? place.start : place.end
  if (at >= extent.start && at <= extent.end) return source
  const moved = shifted(withNewline(text.slice(extent.start, extent.end)), place.dash - extent.dash)
  // A list that the move empties is removed afterwards, when its path is known again.
  const left = seqFrom.items.length === 1 ? `${' '.repeat(extent.dash)}- ${PLACEHOLDER}\n` : ''
  const take = (from: string) => from.slice(0, extent.start) + left + from.slice(extent.end)
  const put = (into: string) => spliceLines(into, at, at, moved)
  return withoutPlaceholders(at <= extent.start ? put(take(text)) : take(put(text)))
}

/** Inserts a copy of an item below it. */
export function copyItem(source: string, path: Path): string {
  return changed(
    source,
    (text) => withCopy(text, path),
    (values) => copyPlain(values, path),
  )
}

function withCopy(source: string, path: Path): string {
  const list = path.slice(0, -1)
  const index = Number(path.at(-1))
  const text = inBlock(source, list)
  const seq = nodeAt(openSource(text), list)
  if (!isSeq(seq) || !seq.items[index]) throw new CannotEdit('there is no such item')
  const { start, end } = itemExtent(text, seq, index)
  return spliceLines(text, end, end, withNewline(text.slice(start, end)))
}

/** Removes the placeholders of lists that were empty before a move, or are after it. */
function withoutPlaceholders(text: string): string {
  let found: Path | null = null
  visit(openSource(text), {
    Scalar(_, node, ancestors) {
      if (node.value !== PLACEHOLDER) return
      found = pathOf(ancestors, node)
      return visit.BREAK
    },
  })
  if (found === null) return text
  return withoutPlaceholders(withoutItem(text, found, (found as Path).length === 2))
}

function pathOf(ancestors: readonly unknown[], node: unknown): Path {
  const path: (string | number)[] = []
  const chain = [...ancestors, node]
  for (const [i, at] of chain.entries()) {
    const next = chain[i + 1]
    if (isSeq(at)) path.push(at.items.indexOf(next))
    else if (next && isPairNode(at) && isScalar(at.key)) path.push(String(at.key.value))
  }
  return path
}
const isPairNode = (x: unknown): x is Pair =>
  typeof x === 'object' && x !== null && 'key' in x && 'value' in x && !isNode(x)

const startsWith = (path: Path, start: Path) => start.every((part, i) => path[i] === part)

/** The text with a list, and what is around it, in block style: an item in each line. */
function inBlock(source: string, list: Path): string {
  const doc = openSource(source)
  const flow = outermostFlow(doc, list)
  if (!flow) return source
  if (flow.length === 0) return print(newDocument(plainValue(source)))
  for (let n = flow.length; n <= list.length; n++) {
    const node = nodeAt(doc, list.slice(0, n))
    if (isCollection(node)) node.flow = false
  }
  return reprint(source, doc, flow)
}

/** The path of the outermost flow collection on a path, with its end; null for none. */
function outermostFlow(doc: Document, path: Path): Path | null {
  for (let n = 0; n <= path.length; n++) {
    const node = nodeAt(doc, path.slice(0, n))
    if (isCollection(node) && node.flow === true) return path.slice(0, n)
  }
  return null
}

/** Writes a changed node again. What is around it is in block style. */
function reprint(source: string, doc: Document, path: Path): string {
  const node = nodeAt(doc, path)
  if (!node) throw new CannotEdit('there is no such field')
  return replaceNode(source, doc, path, node)
}

function replaceNode(source: string, doc: Document, path: Path, node: Node): string {
  const above = path.slice(0, -1)
  const flow = outermostFlow(doc, above)
  const container = nodeAt(doc, above)
  const key = path.at(-1)
  if (flow) {
    if (isSeq(container) && typeof key === 'number') container.items[key] = node
    return reprint(source, doc, flow)
  }
  if (isMap(container) && key !== undefined) {
    const pair = pairOf(container, key)
    if (pair) return splicePair(source, pair, node)
  }
  const old = isSeq(container) && typeof key === 'number' ? container.items[key] : null
  if (!isNode(old) || !old.range) throw new CannotEdit('there is no such item')
  const [start, end] = old.range
  return splice(source, start, end, printedAt(withoutOuterComments(node), columnOf(source, start)))
}

type FilePair = Pair<Node, Node | null>

function pairOf(map: YAMLMap, key: string | number): FilePair | undefined {
  const name = String(key)
  return map.items.find(({ key: k }) => isScalar(k) && (k.source ?? String(k.value)) === name) as
    | FilePair
    | undefined
}

function setInMap(doc: Document, map: YAMLMap, key: string | number, value: unknown): void {
  const pair = pairOf(map, key)
  const node = styled(doc, value, pair && isNode(pair.value) ? pair.value : null)
  if (pair) pair.value = node
  else {
    const rank = keyRank(String(key))
    const before = map.items.filter(({ key: k }) => isScalar(k) && keyRank(String(k.value)) < rank).at(-1)
    const index = before ? map.items.indexOf(before) : -1
    const made = doc.createPair(key, node)
    map.items.splice(index + 1, 0, made as (typeof map.items)[number])
  }
}

/** Where a field begins. @throws CannotEdit where a tag, an anchor or a question mark stands before its name */
function startOfPair(source: string, { key }: FilePair): number {
  const start = key.range?.[0]
  if (start === undefined || !/^ *(?:- +)*$/.test(source.slice(startOfLine(source, start), start)))
    throw new CannotEdit('something stands before the name of a field')
  return start
}

function splicePair(source: string, pair: FilePair, node: Node): string {
  const start = startOfPair(source, pair)
  const end = pair.value?.range?.[1] ?? source.indexOf(':', start) + 1
  const key = isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : ''
  return splice(source, start, end, printedPair(key, node, columnOf(source, start)))
}

/** Replaces a part of the text. A comment behind it stays: above it, when it now has several lines. */
function splice(source: string, start: number, end: number, text: string): string {
  const hadNewline = source[end - 1] === '\n'
  if (hadNewline) return `${source.slice(0, start)}${text}\n${source.slice(end)}`
  const lineEnd = endOfLine(source, end)
  const rest = source.slice(end, lineEnd)
  if (!text.includes('\n') || !rest.includes('#')) return source.slice(0, start) + text + source.slice(end)
  const line = startOfLine(source, start)
  const comment = `${' '.repeat(indentOf(source, line))}${rest.trim()}\n`
  return `${source.slice(0, line)}${comment}${source.slice(line, start)}${text}${source.slice(lineEnd)}`
}

function insertPair(source: string, map: YAMLMap, key: string, node: Node): string {
  const pairs = map.items as FilePair[]
  const [first] = pairs
  if (!first) throw new CannotEdit('the map is empty')
  const start = startOfPair(source, first)
  const column = columnOf(source, start)
  const text = printedPair(key, node, column)
  const rank = keyRank(key)
  const before = pairs.filter((pair) => isScalar(pair.key) && keyRank(String(pair.key.value)) < rank).at(-1)
  if (!before) return `${source.slice(0, start)}${text}\n${' '.repeat(column)}${source.slice(start)}`
  const at = lineAfter(source, before.value ?? before.key)
  return spliceLines(source, at, at, `${' '.repeat(column)}${text}\n`)
}

function removePair(source: string, doc: Document, above: Path, map: YAMLMap, pair: FilePair): string {
  if (map.items.length === 1) return above.length === 0 ? '{}\n' : withField(source, above, {})
  const start = startOfPair(source, pair)
  const end = lineAfter(source, pair.value ?? pair.key)
  const line = startOfLine(source, start)
  if (source.slice(line, start).trim() === '') return source.slice(0, line) + source.slice(end)
  // The first field stands behind the dash of its item.
  const next = (map.items as FilePair[])[map.items.indexOf(pair as never) + 1]?.key.range?.[0] ?? end
  if (source.slice(end, next).trim() === '') return source.slice(0, start) + source.slice(next)
  map.delete(pair.key)
  return reprint(source, doc, above)
}

/** Where an item of a block list is in the text: whole lines, with the comments above it. `dash`: the column of its dash. */
function itemExtent(source: string, seq: YAMLSeq, index: number) {
  const item = seq.items[index]
  const from = isNode(item) ? item.range?.[0] : undefined
  if (!isNode(item) || from === undefined) throw new CannotEdit('an item is empty')
  const dashAt = source.lastIndexOf('-', from - 1)
  const line = startOfLine(source, dashAt)
  if (source.slice(line, dashAt).trim() !== '' || source.slice(dashAt + 1, from).trim() !== '')
    throw new CannotEdit('a list stands in one line with another')
  let start = line
  const before = seq.items[index - 1]
  const least = isNode(before) ? lineAfter(source, before) : 0
  while (start > least) {
    const above = startOfLine(source, start - 1)
    if (above < least || !/^\s*#/.test(source.slice(above, start))) break
    start = above
  }
  return { start, end: lineAfter(source, item), dash: dashAt - line }
}

/** The start of the line below a node. */
function lineAfter(source: string, node: Node): number {
  const isBlock = isCollection(node) && node.flow !== true
  const end = (isBlock ? node.range?.[2] : node.range?.[1]) ?? source.length
  if (end > 0 && source[end - 1] === '\n') return end
  return Math.min(source.length, endOfLine(source, end) + 1)
}
