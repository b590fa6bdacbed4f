import { refused } from '../api-error.ts'

/** Bounds for a JSON body. */
export interface JsonLimits {
  /** Objects, arrays and their elements. */
  values: number
  /** Nesting of objects and arrays. */
  depth: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Counts the values and the depth of a JSON body in one pass over its bytes. Parsing and validation take far longer: 16 MiB
 * of brackets would block the process for seconds. It does not check that the body is JSON. In UTF-8, none of the bytes
 * that it looks for is part of another character.
 * @throws ApiError 422
 */
export function checkJsonLimits(body: Uint8Array, limits: JsonLimits): void {
  let values = 1
  let depth = 0
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]
    if (byte === QUOTE) at = endOfString(body, at)
    else if (byte === LIST || byte === OBJECT) {
      depth++
      values++
    } else if (byte === LIST_END || byte === OBJECT_END) depth--
    else if (byte === COMMA) values++
    if (depth > limits.depth) throw refused(`The body is nested more than ${limits.depth} levels deep.`)
    if (values > limits.values) throw refused(`The body has more than ${limits.values} values. Send fewer.`)
  }
}

/** The index of the closing quote of the string that begins at `start`; the end of the body if there is none. */
function endOfString(body: Uint8Array, start: number): number {
  for (let end = body.indexOf(QUOTE, start + 1); end >= 0; end = body.indexOf(QUOTE, end + 1)) {
    let slashes = 0
    while (body[end - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
  }
  return body.length
}
