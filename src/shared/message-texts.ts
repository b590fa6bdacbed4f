/**
 * Messages in another language, by a table of English patterns. The English message is the contract of the API and of the command
 * line, and stays as it is; a page finds the text of its reader by the message.
 */

/**
 * English pattern → text in the other language. A hole is `{name}` or `{name:kind}`; both sides have the same names. Without a
 * kind, a hole takes any text and keeps it. A kind says what the hole takes, and translates it:
 *
 * - `num`: a number, kept
 * - `text`: a message of the tables
 * - any other: a kind that the tables bring along
 */
export type MessageTable = Readonly<Record<string, string>>

/** Returns the text of a message; null for a message that no pattern fits. */
export type Translate = (message: string) => string | null

/** A kind of hole. Returns the translated value; null for a value that is not of the kind. */
export type HoleKind = (value: string, translate: Translate) => string | null

interface Hole {
  name: string
  kind: string | null
}

interface Pattern {
  /** The fixed parts around the holes: one more than there are holes. */
  fixed: readonly string[]
  holes: readonly Hole[]
  /** Null until a message has all the fixed parts. */
  regex: RegExp | null
  text: string
}

const HOLE = /\{([a-z]\w*)(?::([a-z]+))?\}/g
/** A message in a message in a message: an answer that is never reached, and why. */
const DEPTH_MAX = 4

/** The holes of a pattern or of a text, in order. */
export function holesOf(pattern: string): Hole[] {
  return [...pattern.matchAll(HOLE)].map(([, name = '', kind]) => ({ name, kind: kind ?? null }))
}

/** The fixed parts of a pattern, around its holes. */
function fixedParts(pattern: string): string[] {
  return pattern.split(/\{[a-z]\w*(?::[a-z]+)?\}/)
}

/**
 * Makes the translation of several tables. Of the patterns that fit a message, the one with the longest fixed text is used.
 * @param kinds the kinds of holes in the tables, without `num` and `text`
 */
export function createTranslation(
  tables: readonly MessageTable[],
  kinds: Readonly<Record<string, HoleKind>> = {},
): Translate {
  const whole = new Map<string, string>()
  const patterns: Pattern[] = []
  for (const [pattern, text] of tables.flatMap((table) => Object.entries(table))) {
    const holes = holesOf(pattern)
    if (holes.length === 0) whole.set(pattern, text)
    else patterns.push({ fixed: fixedParts(pattern), holes, regex: null, text })
  }
  patterns.sort((a, b) => weight(b) - weight(a))

  const translated = ({ kind }: Hole, given: string, depth: number): string | null => {
    if (kind === null || kind === 'num') return given
    if (kind === 'text') return translate(given, depth + 1)
    return kinds[kind]?.(given, (message) => translate(message, depth + 1)) ?? null
  }
  const fill = ({ holes, text }: Pattern, given: readonly string[], depth: number): string | null => {
    const values = new Map<string, string>()
    for (const [i, hole] of holes.entries()) {
      const value = translated(hole, given[i] ?? '', depth)
      if (value === null) return null
      values.set(hole.name, value)
    }
    return withValues(text, values)
  }
  const translate = (message: string, depth = 0): string | null => {
    const found = whole.get(message)
    if (found !== undefined || depth > DEPTH_MAX) return found ?? null
    for (const pattern of patterns) {
      if (!hasInOrder(message, pattern.fixed)) continue
      pattern.regex ??= regexOf(pattern)
      const [, ...given] = pattern.regex.exec(message) ?? []
      const made = given.length > 0 ? fill(pattern, given, depth) : null
      if (made !== null) return made
    }
    return null
  }
  return (message) => translate(message)
}

/** A pattern that begins with a hole could take the beginning of another one for its value. */
function weight({ fixed }: Pattern): number {
  return fixed.join('').length + (fixed[0] === '' ? 0 : BEGINNING_WEIGHT)
}
const BEGINNING_WEIGHT = 10_000

/** Chinese characters and full-width punctuation: beside another one there is no space. */
const WIDE = /[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]/

/** Fills the holes. The space between Chinese and a hole is dropped for a value in Chinese. */
function withValues(text: string, values: ReadonlyMap<string, string>): string {
  return text.split(/(\{[a-z]\w*\})/).reduce((made, part, i) => {
    const value = i % 2 === 0 ? part : (values.get(part.slice(1, -1)) ?? '')
    return beside(made, value)
  }, '')
}

function beside(left: string, right: string): string {
  if (left.endsWith(' ') && isWide(left.at(-2)) && isWide(right[0])) return left.slice(0, -1) + right
  if (right.startsWith(' ') && isWide(left.at(-1)) && isWide(right[1])) return left + right.slice(1)
  return left + right
}

const isWide = (character = '') => WIDE.test(character)

/** Whether a message has the fixed parts one after the other: a quick test before the regular expression. */
function hasInOrder(message: string, fixed: readonly string[]): boolean {
  if (!message.startsWith(fixed[0] ?? '') || !message.endsWith(fixed.at(-1) ?? '')) return false
  let from = 0
  for (const part of fixed) {
    const at = message.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return true
}

function regexOf({ fixed, holes }: Pattern): RegExp {
  const parts = fixed.map((part, i) => {
    const hole = holes[i]
    const taken = hole === undefined ? '' : hole.kind === 'num' ? '(-?\\d+(?:\\.\\d+)?)' : '([\\s\\S]*?)'
    return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') + taken
  })
  return new RegExp(`^${parts.join('')}$`)
}
