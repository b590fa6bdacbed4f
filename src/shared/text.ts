/**
 * Texts that people typed. They are cut between characters, and made storable.
 *
 * JavaScript counts UTF-16 units, and an emoji has two or more. A lone surrogate is not Unicode text
 * (https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/#G7404). PostgreSQL's jsonb refuses lone surrogates and
 * U+0000 (https://www.postgresql.org/docs/current/datatype-json.html).
 */

/** Replaces each character that the store refuses. */
const REPLACEMENT = '\uFFFD'
/** With the flag `u`, only a lone surrogate matches. */
const LONE_SURROGATE = /\p{Surrogate}/gu
const UNSTORABLE = /\p{Surrogate}|\0/gu
/** Both as JSON.stringify writes them: in lowercase. It does not escape a surrogate pair. */
const MAYBE_UNSTORABLE = /\\u(?:0000|d[89a-f])/

/** The first `max` characters (code points). Deterministic, so that workflows may use it. */
export function truncateText(text: string, max: number): string {
  if (text.length <= max) return text
  let end = 0
  let count = 0
  for (const character of text) {
    if (count++ >= max) break
    end += character.length
  }
  return text.slice(0, end)
}

/** The last `max` characters (code points). */
export function truncateStart(text: string, max: number): string {
  if (text.length <= max) return text
  const characters = [...text]
  return characters.slice(Math.max(0, characters.length - max)).join('')
}

/** The text without lone surrogates. */
export function withoutLoneSurrogates(text: string): string {
  return text.replace(LONE_SURROGATE, '')
}

/** The text with U+FFFD in place of each lone surrogate and U+0000. */
export function storableText(text: string): string {
  return text.replace(UNSTORABLE, REPLACEMENT)
}

/** False for a text that contains a lone surrogate or U+0000. */
export function isStorable(text: string): boolean {
  return text.search(UNSTORABLE) < 0
}

/** A copy of plain data with all texts and keys storable. Returns the same object where nothing changes. */
export function storable<T>(value: T): T {
  const json = JSON.stringify(value)
  // JSON.stringify returns undefined only for undefined.
  if (json === undefined || !MAYBE_UNSTORABLE.test(json)) return value
  // Only the content of texts changes, so the result is still a T.
  return mapTexts(value, storableText) as T
}

/** `JSON.stringify` with all texts and keys storable. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value)
  return json !== undefined && MAYBE_UNSTORABLE.test(json)
    ? JSON.stringify(mapTexts(JSON.parse(json), storableText))
    : json
}

/** Characters of a key that a path shows: many paths may begin with one long key. */
const MAX_KEY_CHARACTERS = 100

/** Paths of the texts and keys in `value` that are not storable; '' is the value itself. */
export function unstorablePaths(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value === 'string') return isStorable(value) ? [] : [path.join('.')]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = [...path, storableText(truncateText(key, MAX_KEY_CHARACTERS))]
    const within = unstorablePaths(inner, at)
    return isStorable(key) ? within : [at.join('.'), ...within]
  })
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((inner) => mapTexts(inner, change))
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [change(key), mapTexts(inner, change)]),
  )
}

/** Not white space, a control or format character, a letter without a glyph (Hangul filler) or the Braille blank. */
const VISIBLE = /[^\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u

/** True for a text without any visible character. */
export function isBlank(text: string): boolean {
  return !VISIBLE.test(text)
}

/** C0 and C1 control characters except tab and line feed, and Unicode's directional formatting characters (UAX #9). */
export const CONTROL_CHARACTERS = /(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
const LINE_BREAKS_AND_TABS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g

/** The text without control characters: only tabs and line feeds are left. */
export function withoutControlCharacters(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(CONTROL_CHARACTERS, '')
}

/** The text in one line, without control characters: line breaks and tabs are spaces. */
export function inOneLine(text: string): string {
  return withoutControlCharacters(text.replace(LINE_BREAKS_AND_TABS, ' ')).trim()
}

/** Joins texts to one line, and ends each with a full stop. */
export function joinSentences(...parts: (string | null)[]): string {
  return parts.flatMap((p) => (p ? [/[.!?。]$/.test(p) ? p : `${p}.`] : [])).join(' ')
}
