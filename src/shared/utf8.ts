/** Decoded text, or the reason why the bytes are not UTF-8. */
export type Utf8 = { ok: true; text: string } | { ok: false; message: string }

const HINT_CHARS = 40

/**
 * Decodes bytes as UTF-8, strictly: another encoding is refused instead of decoded with replacement characters. A byte order
 * mark (EF BB BF), which Notepad writes, is not part of the text.
 *
 * @param show whether the message may quote a line, decoded in the encoding that the bytes look like; never for secrets
 * @returns the text, or a message with the problem and the remedy: the end of a sentence that begins with the file's name
 */
export function readUtf8(bytes: Uint8Array, { show = false } = {}): Utf8 {
  const utf16 = utf16Of(bytes)
  if (utf16) return { ok: false, message: notUtf8Message('UTF-16', quotedLine(bytes, utf16, show)) }
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    // GB18030 covers GBK and GB 2312, what Chinese Windows calls ANSI.
    const line = quotedLine(bytes, 'gb18030', true)
    if (line === null) return { ok: false, message: `is not UTF-8 text. ${REMEDY}` }
    return { ok: false, message: notUtf8Message('GBK (ANSI)', show ? line : null) }
  }
}

const REMEDY =
  'Save it as UTF-8 (in Notepad: Save as, Encoding, UTF-8) 请用 UTF-8 编码保存（记事本：另存为 → 编码 → UTF-8）'

function notUtf8Message(encoding: string, line: string | null): string {
  const quoted = line === null ? '' : `; in that encoding it reads: ${line}`
  return `is not UTF-8: it looks like ${encoding}${quoted}. ${REMEDY}`
}

/** Detects UTF-16 by its byte order mark, or by the zero bytes of the first two ASCII characters. UTF-8 text has none. */
function utf16Of(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const [a, b, c, d] = bytes
  if (a === 0xff && b === 0xfe) return 'utf-16le'
  if (a === 0xfe && b === 0xff) return 'utf-16be'
  if (a && b === 0 && c && d === 0) return 'utf-16le'
  if (a === 0 && b && c === 0 && d) return 'utf-16be'
  return null
}

/** The first line with a non-ASCII character, which people recognise; null where the bytes are not in that encoding. */
function quotedLine(bytes: Uint8Array, encoding: string, show: boolean): string | null {
  if (!show) return null
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
    const lines = text.split(/\r?\n/)
    const line = lines.find((l) => /[^\p{ASCII}]/u.test(l)) ?? lines[0] ?? ''
    const chars = Array.from(line.trim())
    return chars.length > HINT_CHARS ? `${chars.slice(0, HINT_CHARS).join('')}…` : chars.join('')
  } catch {
    return null
  }
}
