/**
 * The normal forms by which keywords and texts are compared.
 *
 * iOS writes U+2006 between the letters of pinyin that is sent before a word is chosen (`T\u2006D`). Copied texts contain
 * direction marks, joiners and byte order marks.
 */

/**
 * Unicode format characters, all characters without a glyph (joiners, variation selectors, Hangul fillers), and the keycap
 * around a digit (1️⃣).
 */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]|(?<=[\d#*]\uFE0F?)\u20E3/gu
/** iOS puts it between the letters of pinyin. The person typed no space. */
const PINYIN_SPACE = /\u2006/g
/** White space, control characters, and the Braille blank. */
const BLANK = /[\s\p{Cc}\u2800]+/gu

/** Marks that end a sentence or a chat message: punctuation, the tilde, and modifier symbols. */
const MARK = String.raw`\p{P}\p{Sk}~`
/** Emoji, with skin tones (which are \p{Sk}) and flags. */
const EMOJI = String.raw`\p{So}\p{Extended_Pictographic}`
const A_MARK = new RegExp(`^[${MARK}]$`, 'u')
const A_MARK_OR_EMOJI = new RegExp(`^[${MARK}${EMOJI}]$`, 'u')
/** People copy the brackets or quotes around the keyword of an instruction, for example 回复【TD】退订. */
const BRACKETS_AT_START = /^[\p{Ps}\p{Pi}"'`]+/u

/** Marks that are part of an entry keyword: operators use them in codes (#1, a_b), and `?` marks a question. */
const KEPT_MARKS = '#@*&%/\\\\_?-'
const PLAIN = `(?: |(?![${KEPT_MARKS}])[${MARK}${EMOJI}])`
const PLAIN_AT_START = new RegExp(`^${PLAIN}+`, 'u')
const A_PLAIN = new RegExp(`^${PLAIN}$`, 'u')

/** UTF-16 units. A keyword has at most 64 characters, so a much longer text is none. */
const LONGEST = 500

/**
 * The normal form of an exit keyword, or of a text that may be one. Ignores case, width, white space, invisible characters,
 * punctuation and emoji at the end, and brackets or quotes at the start. A word of marks and emoji only keeps them.
 * Traditional and simplified characters are different.
 * @returns '' for a text that cannot be a keyword: it is too long, or nothing in it is visible
 */
export function normaliseExitKeyword(text: string): string {
  if (text.length > LONGEST) return ''
  const word = fold(text).replace(BLANK, '')
  return (
    firstVisible(
      withoutAtEnd(word, A_MARK_OR_EMOJI).replace(BRACKETS_AT_START, ''),
      withoutAtEnd(word, A_MARK),
    ) ?? word
  )
}

/**
 * The normal form of an entry keyword, or of a text that may be one. Ignores case, width, invisible characters, and white
 * space, punctuation and emoji at both ends. Spaces inside count; several count as one. A question is a different text: 课程？
 * does not match 课程. Otherwise as `normaliseExitKeyword`.
 */
export function normaliseEntryKeyword(text: string): string {
  if (text.length > LONGEST) return ''
  const word = fold(text).replace(BLANK, ' ').trim()
  return firstVisible(withoutAtEnd(word, A_PLAIN).replace(PLAIN_AT_START, '')) ?? word
}

/** Removes differences of case and width, and invisible characters. NFKC runs twice: a change of case may decompose letters. */
function fold(text: string): string {
  const visible = text.replace(PINYIN_SPACE, '').normalize('NFKC').replace(INVISIBLE, '')
  return visible.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC')
}

/**
 * The text without the `mark` characters at its end. Searches from the end: a regular expression with `+$` starts again at
 * each mark of a long run, and 499 times ⁗ with a letter behind took a tenth of a second.
 */
function withoutAtEnd(text: string, mark: RegExp): string {
  const characters = Array.from(text)
  const last = characters.findLastIndex((character) => !mark.test(character))
  return characters.slice(0, last + 1).join('')
}

function firstVisible(...words: string[]): string | undefined {
  return words.find((word) => word !== '')
}
