import { type BodyFormat, decodeBody, isJson } from './xml-json.ts'

/** So many from the beginning and from the end: WeChat writes one, and a person can have typed some more. */
const CANDIDATES = 4
/** An element with nothing but text and sections in it. No class takes in a `<`, so that this takes one pass. */
const ELEMENT = /<Encrypt(?:\s[^<>]*)?>([^<]*(?:<!\[CDATA\[[^<\]]*\]\]>[^<]*)*)<\/Encrypt\s*>/g
const SECTION = /<!\[CDATA\[([^<\]]*)\]\]>/g
const MEMBER = /"Encrypt"\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*")/g
const XML_BEGINS = /^\s*(?:<\?xml[^<>]*\?>\s*)?<xml(?:\s[^<>]*)?>/

export interface ScannedBody {
  /** What may be the ciphertext; `msg_signature` tells which one is WeChat's. */
  candidates: string[]
  format: BodyFormat
  /** False where begin and end alone tell that it is neither WeChat's XML nor JSON. */
  isPlausible: boolean
}

/**
 * Finds the ciphertext of an encrypted push without parsing: everybody can send a body, and parsing the worst 64 KiB takes
 * a hundred times as long as this. It finds what a parser would find as WeChat writes it (base64, in a section or not), and
 * also what stands in a comment or in a text.
 * @throws CallbackBodyError when the body is not UTF-8
 */
export function scanCiphertext(body: Buffer): ScannedBody {
  const text = decodeBody(body)
  if (isJson(text)) {
    const candidates = outermost([...text.matchAll(MEMBER)]).map(unquote)
    return { candidates: distinct(candidates), format: 'json', isPlausible: text.trimEnd().endsWith('}') }
  }
  const candidates = outermost([...text.matchAll(ELEMENT)]).flatMap(textsOf)
  const isPlausible = XML_BEGINS.test(text) && text.trimEnd().endsWith('</xml>')
  return { candidates: distinct(candidates), format: 'xml', isPlausible }
}

/** The first and the last ones: a text that a person typed stands before WeChat's, or behind it. */
function outermost(found: RegExpExecArray[]): string[] {
  const inner = found.map(([, group = '']) => group)
  return inner.length <= 2 * CANDIDATES ? inner : [...inner.slice(0, CANDIDATES), ...inner.slice(-CANDIDATES)]
}

function distinct(candidates: string[]): string[] {
  return [...new Set(candidates)].filter((ciphertext) => ciphertext !== '')
}

/** As the parser has it, and as it is read where the XML is broken. */
function textsOf(inner: string): string[] {
  const sections = [...inner.matchAll(SECTION)].map(([, text = '']) => text)
  const text = sections.length > 0 ? sections.join('') : inner
  return [text, text.trim()]
}

function unquote(quoted: string): string {
  try {
    const value: unknown = JSON.parse(quoted)
    return typeof value === 'string' ? value : ''
  } catch {
    return ''
  }
}
