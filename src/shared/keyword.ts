/**
 * What a person means who types a keyword. Keywords and texts are compared by these forms.
 *
 * iOS writes U+2006 between the letters of pinyin that is sent before a word is chosen (`T\u2006D`); texts that were
 * copied bring marks of direction, joiners and byte order marks along.
 */

/**
 * Unicode's format characters, and all that has no glyph of its own: joiners, variation selectors, Hangul fillers; and the
 * keycap around a digit (1️⃣).
 */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]|(?<=[\d#*]\uFE0F?)\u20E3/gu
/** Not white space to anybody who types: iOS puts it between the letters of pinyin. */
const PINYIN_SPACE = /\u2006/g
/** White space, control characters, and the blank of Braille. */
const BLANK = /[\s\p{Cc}\u2800]+/gu

/** Marks that end a sentence or a chat message: punctuation, the tilde, and marks that stand alone. */
const MARK = String.raw`\p{P}\p{Sk}~`
/** Emoji, with skin tones (which are \p{Sk}) and flags. */
const EMOJI = String.raw`\p{So}\p{Extended_Pictographic}`
const A_MARK = new RegExp(`^[${MARK}]$`, 'u')
const A_MARK_OR_EMOJI = new RegExp(`^[${MARK}${EMOJI}]$`, 'u')
/** People copy a keyword with the brackets or quotes that an instruction shows it in: 回复【TD】退订. */
const BRACKETS_AT_START = /^[\p{Ps}\p{Pi}"'`]+/u

/** Of an entry keyword these are a part: marks that operators make codes of (#1, a_b), and the mark of a question. */
const KEPT_MARKS = '#@*&%/\\\\_?-'
const PLAIN = `(?: |(?![${KEPT_MARKS}])[${MARK}${EMOJI}])`
const PLAIN_AT_START = new RegExp(`^${PLAIN}+`, 'u')
const A_PLAIN = new RegExp(`^${PLAIN}$`, 'u')

/** UTF-16 units. A keyword has at most 64; what is much longer is a letter, and is not searched for one. */
const LONGEST = 500

/**
 * An exit keyword, or a text that may be one: without case and width, without any white space, invisible characters,
 * punctuation and emoji at the end, and brackets or quotes at the start. A word that is nothing else stays what it is.
 * Traditional and simplified characters are different.
 * @returns '' for a long text and where nothing is visible at all: those are no keywords
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
 * An entry keyword, or a text that may be one: without case and width, trimmed, without invisible characters, and without
 * punctuation and emoji at its start and end. Spaces inside count, one like many. A question is another text: who asks
 * 课程？ has not asked for 课程. As `exitWord` otherwise.
 */
export function normaliseEntryKeyword(text: string): string {
  if (text.length > LONGEST) return ''
  const word = fold(text).replace(BLANK, ' ').trim()
  return firstVisible(withoutAtEnd(word, A_PLAIN).replace(PLAIN_AT_START, '')) ?? word
}

/** Case, width and what cannot be seen. Twice through NFKC: letters may come apart when their case changes. */
function fold(text: string): string {
  const visible = text.replace(PINYIN_SPACE, '').normalize('NFKC').replace(INVISIBLE, '')
  return visible.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC')
}

/**
 * Without the characters at its end of which each is a `mark`. From the end: a regular expression with `+$` tries every
 * place of a long run of marks anew, and a follower's 499 times ⁗ with a letter behind took a tenth of a second.
 */
function withoutAtEnd(text: string, mark: RegExp): string {
  const characters = Array.from(text)
  const last = characters.findLastIndex((character) => !mark.test(character))
  return characters.slice(0, last + 1).join('')
}

function firstVisible(...words: string[]): string | undefined {
  return words.find((word) => word !== '')
}
