import { type BodyFormat, decodeBody, isJson } from './xml-json.ts'

/** At most this many from the start and from the end. WeChat writes one, and a person's text may contain more. */
const CANDIDATES = 4
/** An element with text and CDATA sections only. No character class matches `<`, so that the match is linear. */
const ELEMENT = /<Encrypt(?:\s[^<>]*)?>([^<]*(?:<!\[CDATA\[[^<\]]*\]\]>[^<]*)*)<\/Encrypt\s*>/g
const SECTION = /<!\[CDATA\[([^<\]]*)\]\]>/g
const MEMBER = /"Encrypt"\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*")/g
const XML_START = /^\s*(?:<\?xml[^<>]*\?>\s*)?<xml(?:\s[^<>]*)?>/

export interface ScannedBody {
  /** Possible ciphertexts. `msg_signature` decides which one is WeChat's. */
  candidates: string[]
  format: BodyFormat
  /** False when its start or end shows that it is neither WeChat's XML nor JSON. */
  isPlausible: boolean
}

/**
 * Finds the ciphertext of an encrypted push without parsing. Anybody can send a body, and parsing the worst 64 KiB takes a
 * hundred times as long. It finds every ciphertext that a parser would find (base64, in a CDATA section or not), and also
 * those in comments and texts.
 * @throws CallbackBodyError when the body is not UTF-8
 */
export function scanCiphertext(body: Buffer): ScannedBody {
  const text = decodeBody(body)
  if (isJson(text)) {
    const candidates = outermost([...text.matchAll(MEMBER)]).map(unquote)
    return { candidates: distinct(candidates), format: 'json', isPlausible: text.trimEnd().endsWith('}') }
  }
  const candidates = outermost([...text.matchAll(ELEMENT)]).flatMap(textsOf)
  const isPlausible = XML_START.test(text) && text.trimEnd().endsWith('</xml>')
  return { candidates: distinct(candidates), format: 'xml', isPlausible }
}

/** The first and the last ones, because a person's text is before WeChat's ciphertext or after it. */
function outermost(found: RegExpExecArray[]): string[] {
  const inner = found.map(([, group = '']) => group)
  return inner.length <= 2 * CANDIDATES ? inner : [...inner.slice(0, CANDIDATES), ...inner.slice(-CANDIDATES)]
}

function distinct(candidates: string[]): string[] {
  return [...new Set(candidates)].filter((ciphertext) => ciphertext !== '')
}

/** An element's text as the parser reads it, and as it is read from broken XML. */
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
