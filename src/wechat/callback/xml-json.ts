import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { isRecord } from '../../shared/is-record.ts'
import { storableText } from '../../shared/text.ts'
import { type FieldRecord, type FieldValue, NAMED_REFERENCES, SPLIT_END } from './field-record.ts'
import { recoverCiphertext, recoverPush } from './recover-broken-xml.ts'

/** A callback's body cannot be read. `message` has the reason and never quotes the body. */
export class CallbackBodyError extends Error {
  override name = 'CallbackBodyError'
}

export type BodyFormat = 'xml' | 'json'

const MAX_DEPTH = 10
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  cdataPropName: '#cdata',
  ignoreDeclaration: true,
  ignorePiTags: true,
})

export interface ParsedBody {
  record: FieldRecord
  format: BodyFormat
  /** True when a person's text had broken the XML. The record then has that text and the fields around it only. */
  recovered: boolean
}

/**
 * Reads a body of XML or JSON into a record of text fields. The body must be UTF-8, without a DOCTYPE and without entities
 * other than those of XML and character references. 64-bit numbers in JSON stay exact as text. XML that a person's text has
 * made ill-formed, or has given additional fields, is read by `recoverPush` instead.
 * @throws CallbackBodyError
 */
export function parseBody(body: Buffer): ParsedBody {
  const text = decodeBody(body)
  if (isJson(text)) return { record: parseJson(text), format: 'json', recovered: false }
  try {
    return { record: parseXml(text), format: 'xml', recovered: false }
  } catch (err) {
    const record = err instanceof BrokenXmlError && recoverPush(text)
    if (record) return { record: storableFields(record), format: 'xml', recovered: true }
    throw err
  }
}

/**
 * Finds the ciphertext in the body of an encrypted push: several candidates when a person's text makes it ambiguous, and none
 * in a plain push.
 * @throws CallbackBodyError
 */
export function parseEncrypted(body: Buffer): { candidates: string[]; format: BodyFormat } {
  const text = decodeBody(body)
  const format = isJson(text) ? 'json' : 'xml'
  try {
    const { Encrypt: encrypted } = format === 'json' ? parseJson(text) : parseXml(text)
    return { candidates: typeof encrypted === 'string' && encrypted ? [encrypted] : [], format }
  } catch (err) {
    const candidates = err instanceof BrokenXmlError ? recoverCiphertext(text) : []
    if (candidates.length > 0 || (err instanceof BrokenXmlError && recoverPush(text)))
      return { candidates, format }
    throw err
  }
}

/** XML that is broken, or that may have fields which WeChat did not write. */
class BrokenXmlError extends CallbackBodyError {}

/** @throws CallbackBodyError when it is not UTF-8 */
export function decodeBody(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new CallbackBodyError('body is not UTF-8')
  }
}

/** True when the first character is that of WeChat's JSON. */
export function isJson(text: string): boolean {
  return text.trimStart().startsWith('{')
}

function parseXml(text: string): FieldRecord {
  // Comments and instructions are removed too, because half a CDATA section in one of them would hide a DOCTYPE. An unclosed
  // one reaches to the end, so that the match is linear.
  const markup = text.replace(
    /<!--[\s\S]*?(?:-->|$)|<\?[\s\S]*?(?:\?>|$)|<!\[CDATA\[[\s\S]*?(?:\]\]>|$)/g,
    '',
  )
  // After the first fields it may be a person's text, which `recoverPush` reads without a parser.
  if (/<!(DOCTYPE|ENTITY)/i.test(markup)) throw new BrokenXmlError('DOCTYPE and entities are not accepted')
  const checked = XMLValidator.validate(text)
  if (checked !== true) throw new BrokenXmlError('body is not well-formed XML')
  let tree: unknown
  let joined: unknown
  try {
    tree = parser.parse(text)
    joined = text.includes(SPLIT_END) ? parser.parse(text.replaceAll(SPLIT_END, '')) : tree
  } catch {
    throw new BrokenXmlError('body is not well-formed XML')
  }
  const root = isRecord(tree) ? tree.xml : undefined
  if (!isRecord(root)) throw new CallbackBodyError('XML has no <xml> element')
  if (isDoubtful(joined) && recoverPush(text)) throw new BrokenXmlError('XML has fields within a text')
  const read = fromXml(root, 0)
  if (typeof read === 'string' || Array.isArray(read)) throw new CallbackBodyError('XML has no fields')
  return read
}

/**
 * True when well-formed XML may have fields from a person's text that ended its CDATA section. WeChat writes each field once,
 * with either one section or elements in it.
 * @param joined - the parsed body, in which sections that an XML writer split are one again
 */
function isDoubtful(joined: unknown): boolean {
  const root = isRecord(joined) ? joined.xml : undefined
  return !isRecord(root) || Object.values(root).some(Array.isArray) || isMixed(root, 0)
}

function isMixed(node: unknown, depth: number): boolean {
  if (depth > MAX_DEPTH) return true
  if (Array.isArray(node)) return node.some((n) => isMixed(n, depth + 1))
  if (!isRecord(node)) return false
  const { '#cdata': cdata, '#text': text, ...fields } = node
  const parts = [cdata !== undefined, String(text ?? '').trim() !== '', Object.keys(fields).length > 0]
  const isTorn = Array.isArray(cdata) || parts.filter(Boolean).length > 1
  return isTorn || Object.values(fields).some((field) => isMixed(field, depth + 1))
}

/** Joins the text and the CDATA of a leaf, decodes references in the text, and converts other nodes to records. */
function fromXml(node: unknown, depth: number): FieldValue {
  if (depth > MAX_DEPTH) throw new CallbackBodyError('body is nested too deep')
  if (typeof node === 'string') return storableText(decodeReferences(node))
  if (Array.isArray(node)) return node.map((n) => fromXml(n, depth + 1))
  if (!isRecord(node)) return ''
  const { '#cdata': cdata, '#text': text, ...fields } = node
  if (Object.keys(fields).length === 0) {
    if (cdata === undefined) return storableText(decodeReferences(String(text ?? '')))
    const around = typeof text === 'string' && text.trim() !== '' ? decodeReferences(text) : ''
    return storableText((Array.isArray(cdata) ? cdata.join('') : String(cdata)) + around)
  }
  const record: FieldRecord = Object.create(null)
  for (const [name, value] of Object.entries(fields)) record[name] = fromXml(value, depth + 1)
  return record
}

function storableFields(record: FieldRecord): FieldRecord {
  for (const [name, value] of Object.entries(record))
    if (typeof value === 'string') record[name] = storableText(value)
  return record
}

function decodeReferences(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (all, hex, dec, name) => {
    if (name !== undefined) {
      const known = NAMED_REFERENCES[name]
      if (known === undefined) throw new CallbackBodyError('entities are not accepted')
      return known
    }
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number.parseInt(dec, 10)
    if (code > 0x10ffff || code === 0) throw new CallbackBodyError('a character reference is out of range')
    return code >= 0xd800 && code <= 0xdfff ? all : String.fromCodePoint(code)
  })
}

function parseJson(text: string): FieldRecord {
  // Numbers beyond 2^53 (MsgId) would lose digits, so long bare numbers become texts before parsing. A number is matched from
  // its start only and an unclosed string reaches to the end, so that the match is linear for any input.
  const exact = text.replace(
    /("(?:[^"\\]|\\[\s\S])*(?:"|\\?$))|(?<![\w.+-])-?\d{16,}(?=\s*[,}\]])/g,
    (all, string) => (string === undefined ? `"${all}"` : all),
  )
  let tree: unknown
  try {
    tree = JSON.parse(exact)
  } catch {
    tree = parseWithControls(exact)
  }
  const read = fromJson(tree, 0)
  if (typeof read === 'string' || Array.isArray(read)) throw new CallbackBodyError('JSON is not an object')
  return read
}

/** Parses JSON after escaping control characters in its strings, which WeChat may copy from a person's text. */
function parseWithControls(text: string): unknown {
  // An unclosed string reaches to the end, so that the match is linear.
  const escaped = text.replace(/"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)/g, (string) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it escapes
    string.replace(/[\u0000-\u001f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
  try {
    return JSON.parse(escaped)
  } catch {
    throw new CallbackBodyError('body is not JSON')
  }
}

function fromJson(node: unknown, depth: number): FieldValue {
  if (depth > MAX_DEPTH) throw new CallbackBodyError('body is nested too deep')
  if (Array.isArray(node)) return node.map((n) => fromJson(n, depth + 1))
  if (!isRecord(node)) return node === null || node === undefined ? '' : storableText(String(node))
  const record: FieldRecord = Object.create(null)
  for (const [name, value] of Object.entries(node)) record[name] = fromJson(value, depth + 1)
  return record
}
