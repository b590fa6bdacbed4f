/**
 * Texts that people typed: cut between characters, never inside one, and made such that every store takes them.
 * JavaScript counts UTF-16 units, of which an emoji has two or more; half of one is no Unicode text
 * (https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/#G7404), PostgreSQL's jsonb refuses it, and so it
 * does U+0000 (https://www.postgresql.org/docs/current/datatype-json.html).
 */

/** What stands in the place of what no store takes. */
const REPLACEMENT = '\uFFFD'
/** Under the flag `u`, only a surrogate without its partner is one. */
const LONE_SURROGATE = /\p{Surrogate}/gu
const UNSTORABLE = /\p{Surrogate}|\0/gu
/** As JSON writes both: never with capital letters. It writes a pair as the character that it is. */
const MAYBE_UNSTORABLE = /\\u(?:0000|d[89a-f])/

/** The first `max` characters (code points). Deterministic: workflows cut with it. */
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

/** Without halves of characters. */
export function withoutLoneSurrogates(text: string): string {
  return text.replace(LONE_SURROGATE, '')
}

/** What no store takes is replaced by U+FFFD. */
export function storableText(text: string): string {
  return text.replace(UNSTORABLE, REPLACEMENT)
}

/** False for a text with half a character or U+0000 in it. */
export function isStorable(text: string): boolean {
  return text.search(UNSTORABLE) < 0
}

/** The same plain data with each of its texts storable, keys too. The very same value where nothing needs changing. */
export function storable<T>(value: T): T {
  const json = JSON.stringify(value)
  // Absent of undefined alone.
  if (json === undefined || !MAYBE_UNSTORABLE.test(json)) return value
  // Walked as the plain data that it is: only texts change, so it stays a T.
  return mapTexts(value, storableText) as T
}

/** As `JSON.stringify`, of what every store takes. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value)
  return json !== undefined && MAYBE_UNSTORABLE.test(json)
    ? JSON.stringify(mapTexts(JSON.parse(json), storableText))
    : json
}

/** Of a key in a path, in characters: many paths may begin with one long key. */
const MAX_KEY_CHARACTERS = 100

/** Paths of the texts in `value` that no store takes, keys included; '' is the value itself. */
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

/** White space, control and format characters, letters without a glyph (Hangul fillers), and the blank of Braille. */
const VISIBLE = /[^\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u

/** True where nobody could see anything. */
export function isBlank(text: string): boolean {
  return !VISIBLE.test(text)
}
