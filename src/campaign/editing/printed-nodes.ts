import {
  Document,
  isCollection,
  isScalar,
  isSeq,
  type Node,
  Scalar,
  type ScalarTag,
  type Tags,
  visit,
  YAMLMap,
} from 'yaml'
import { CannotEdit } from './plain-values.ts'

/** Values of a campaign file as they are written in its text. */

const PRINT = { lineWidth: 0, indent: 2, flowCollectionPadding: true } as const
/** A map or list of values that is printed in one line. */
export const LINE_MAX = 72

/** Stands in a list that is empty for a moment. */
export const PLACEHOLDER = 'placeholder-of-a-moved-item'

/** A value as a node: as its predecessor is written, and short lists and maps in one line. */
export function styled(doc: Document, value: unknown, old: Node | null): Node {
  const node = doc.createNode(value) as Node
  visit(node, {
    Collection(_, collection) {
      const isPlain = collection.items.every((item) => !isCollection(item))
      if (isPlain && isShort(collection, LINE_MAX)) collection.flow = true
      if (collection.items.length === 0) collection.flow = true
    },
  })
  if (isScalar(node) && isScalar(old) && typeof node.value === 'string' && !node.value.includes('\n')) {
    const isQuoted = old.type === Scalar.QUOTE_DOUBLE || old.type === Scalar.QUOTE_SINGLE
    if (isQuoted) node.type = old.type as Scalar.Type
  }
  if (isCollection(node) && isCollection(old) && old.flow === true && isShort(node, LINE_MAX))
    node.flow = true
  if (isSeq(node) && node.items.some((x) => isScalar(x) && x.value === PLACEHOLDER)) node.flow = false
  return node
}

/** Prints a node, and all that is in it, in one line. */
export function allInFlow(node: Node): void {
  visit(node, {
    Collection(_, collection) {
      collection.flow = true
    },
  })
}

/** Whether a node as JSON has at most `max` characters, without a line break in its texts. */
export function isShort(node: Node, max: number): boolean {
  const text = JSON.stringify(node)
  return text.length <= max && !text.includes('\\n')
}

const NUMBERS = new Set(['tag:yaml.org,2002:int', 'tag:yaml.org,2002:float'])

const keepSpelling = (tag: Tags[number]): Tags[number] => {
  if (typeof tag === 'string' || !NUMBERS.has(tag.tag)) return tag
  const { stringify } = tag as ScalarTag
  const spelled: ScalarTag['stringify'] = (item, ...more) => item.source ?? stringify?.(item, ...more) ?? ''
  return { ...tag, stringify: spelled } as ScalarTag
}

/** A document that prints a number with the spelling that it was read with, as 007 and 1.0. */
export const newDocument = (value?: unknown) =>
  new Document(value, { customTags: (tags: Tags): Tags => tags.map(keepSpelling) })

/** @throws CannotEdit for a map or a list that a tag makes something else, and for a reference without its anchor */
export function print(doc: Document): string {
  try {
    return doc.toString(PRINT)
  } catch {
    throw new CannotEdit('it uses tags or references that cannot be written again')
  }
}

/** A node printed for a place in the text: all lines but the first are indented. Without a newline at the end. */
export function printedAt(node: Node, indent: number): string {
  const doc = newDocument()
  doc.contents = node as never
  return indented(print(doc), indent)
}

/** A field with its value, printed as by `printedAt`. The comments around the value are removed from the node. */
export function printedPair(key: string, node: Node, indent: number): string {
  const doc = newDocument()
  const map = new YAMLMap()
  map.set(doc.createNode(key), withoutOuterComments(node))
  doc.contents = map as never
  return indented(print(doc), indent)
}

function indented(text: string, indent: number): string {
  const [first = '', ...others] = text.replace(/\n$/, '').split('\n')
  const space = ' '.repeat(indent)
  return [first, ...others.map((line) => (line === '' ? '' : space + line))].join('\n')
}

/** Comments around the node are in the text around it. */
export function withoutOuterComments(node: Node): Node {
  node.comment = null
  node.commentBefore = null
  node.spaceBefore = false
  return node
}
