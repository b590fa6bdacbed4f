import { refused } from '../api-error.ts'

/** What a body of JSON may have in it. */
export interface JsonLimits {
  /** Objects, lists, and what stands in them. */
  values: number
  /** Objects and lists in each other. */
  depth: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Looks at a body once, byte by byte, before it is parsed and checked, which both take far longer: a reader of 16 MiB of
 * brackets stops the process for seconds. Not whether it is JSON: of what is not, the parser says so. In UTF-8 none of these
 * marks is part of another character.
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
    if (depth > limits.depth)
      throw refused(`The body has fields more than ${limits.depth} deep in each other.`)
    if (values > limits.values) throw refused(`The body has over ${limits.values} values. Send fewer.`)
  }
}

/** Where the quotes are that end the text that begins at `start`; the end of the body where there are none. */
function endOfString(body: Uint8Array, start: number): number {
  for (let end = body.indexOf(QUOTE, start + 1); end >= 0; end = body.indexOf(QUOTE, end + 1)) {
    let slashes = 0
    while (body[end - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
  }
  return body.length
}
