import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../../test/harness/property-runs.ts'
import { normaliseEntryKeyword, normaliseExitKeyword } from './keyword.ts'

/** The keyword that the text matches, or undefined. */
function findExitKeyword(keywords: readonly string[], text: string): string | undefined {
  const typed = normaliseExitKeyword(text)
  return typed === '' ? undefined : keywords.find((keyword) => normaliseExitKeyword(keyword) === typed)
}

describe('an exit keyword as a follower types it', () => {
  it.each([
    ['T\u2006D', 'TD', 'pinyin of iOS'],
    ['t\u2006d\u2006', 'TD', 'pinyin of iOS, with a space after it'],
    ['退订\u200b', '退订', 'a zero-width space'],
    ['\u200e退订', '退订', 'a direction mark'],
    ['\u2067退订\u2069', '退订', 'directional isolates'],
    ['退\u200d订', '退订', 'a joiner'],
    ['\ufeff退订', '退订', 'a byte order mark'],
    ['T\u00adD', 'TD', 'a soft hyphen'],
    ['\u3164TD\u3164', 'TD', 'Hangul fillers'],
    ['TD\ufe0f', 'TD', 'a variation selector'],
    ['退订\u{e0020}', '退订', 'a tag character'],
    ['ＴＤ', 'TD', 'full width'],
    ['1️⃣', '1', 'a keycap'],
    ['td ', 'TD', 'case and a space'],
    ['T D', 'TD', 'a space inside'],
    ['退 订', '退订', 'a space between characters'],
    ['退\u3000订', '退订', 'an ideographic space'],
    ['\n退订\r\n', '退订', 'line breaks'],
    ['T\u00a0D', 'TD', 'a no-break space'],
    ['T\u2800D', 'TD', 'the Braille blank'],
    ['退订。', '退订', 'a full stop'],
    ['退订!', '退订', 'an exclamation mark'],
    ['退订！！！', '退订', 'several full-width exclamation marks'],
    ['TD.', 'TD', 'an ASCII full stop'],
    ['TD，', 'TD', 'a comma'],
    ['退订~', '退订', 'a tilde'],
    ['退订～～', '退订', 'full-width tildes'],
    ['退订、', '退订', 'an enumeration comma'],
    ['退订…', '退订', 'an ellipsis'],
    ['退订……', '退订', 'a Chinese ellipsis'],
    ['退订？', '退订', 'a question mark'],
    ['退订 。', '退订', 'a space before the full stop'],
    ['退订🙏', '退订', 'an emoji'],
    ['退订🙏🏻', '退订', 'an emoji with a skin tone'],
    ['退订❤️', '退订', 'an emoji with a selector'],
    ['退订👨‍👩‍👧！', '退订', 'a joined emoji and a mark'],
    ['【TD】', 'TD', 'the brackets of the instruction'],
    ['“退订”', '退订', 'quotes'],
    ['"TD"', 'TD', 'ASCII quotes'],
  ])('%j is %j (%s)', (typed, keyword) => expect(findExitKeyword([keyword], typed)).toBe(keyword))

  it.each([
    ['退訂', '退订', 'traditional characters are different'],
    ['不退订', '退订', 'the whole text counts'],
    ['退订吗', '退订', 'more words'],
    ['。退订', '退订', 'punctuation before it'],
    ['TD1', 'TD', 'a digit more'],
    ['', '退订', 'no text'],
    ['\u200b\u3164', '退订', 'nothing visible'],
    ['。', '退订', 'punctuation alone'],
    ['👍', '退订', 'an emoji alone'],
    [`${' '.repeat(600)}TD`, 'TD', 'a long text'],
  ])('%j is not %j (%s)', (typed, keyword) => expect(findExitKeyword([keyword], typed)).toBeUndefined())
})

describe('a keyword of marks and emoji only', () => {
  const MARKS = [
    '?',
    '。',
    '！',
    '…',
    '👍',
    '1️⃣',
    '❤️',
    '❤',
    '🇨🇳',
    '👨‍👩‍👧',
    '+1',
    '#',
    '100%',
    '“',
    '~',
    '-',
    'C++',
    'C#',
  ]

  it.each(MARKS)('%s matches itself, as an exit and as an entry keyword', (mark) => {
    expect(findExitKeyword([mark], mark)).toBe(mark)
    expect(normaliseEntryKeyword(mark)).not.toBe('')
    expect(normaliseExitKeyword(mark)).not.toBe('')
  })

  it('matches neither other marks nor a blank text', () => {
    for (const text of ['', ' ', '\u200b', '!', '😀'])
      expect(findExitKeyword(['?', '。', '👍'], text)).toBeUndefined()
  })

  it('is not a keyword when nothing in it is visible', () => {
    for (const text of ['', ' ', '\u200b', '\u3164\ufeff'])
      expect(findExitKeyword([text], text)).toBeUndefined()
  })

  it('matches with and without its variation selector', () => {
    expect(normaliseEntryKeyword('❤️')).toBe(normaliseEntryKeyword('❤'))
    expect(normaliseExitKeyword('❤')).toBe(normaliseExitKeyword('❤️'))
  })
})

describe('an entry keyword as a follower types it', () => {
  it.each([
    ['资料。', '资料'],
    ['资料！！', '资料'],
    ['【资料】', '资料'],
    ['“资料”', '资料'],
    ['。资料', '资料'],
    ['资料😀', '资料'],
    ['资\u200b料', '资料'],
    ['k\u2006c', 'KC'],
    ['ＫＣ', 'kc'],
    [' My  course ', 'my course'],
    ['My\u3000course', 'my course'],
    ['1.', '1'],
    ['１、', '1'],
    ['Straße', 'STRASSE'],
  ])('%j is %j', (typed, keyword) =>
    expect(normaliseEntryKeyword(typed)).toBe(normaliseEntryKeyword(keyword)),
  )

  it.each([
    ['mycourse', 'my course', 'a space inside counts'],
    ['资料？', '资料', 'a question is not the keyword'],
    ['#1', '1', 'marks of codes count'],
    ['-1', '1', 'a minus counts'],
    ['c', 'C++', 'so do symbols'],
    ['c#', 'C', 'at the end too'],
    ['资料包', '资料', 'the whole text counts'],
  ])('%j is not %j (%s)', (typed, keyword) =>
    expect(normaliseEntryKeyword(typed)).not.toBe(normaliseEntryKeyword(keyword)),
  )
})

describe('every text', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom(...'tD退订 \u2006\u200b\u3000。！~…👍❤\ufe0f【】"#1ſİßẞΣς'),
      maxLength: 12,
    }),
  )

  it('has a normal form that is its own normal form', () => {
    fc.assert(
      fc.property(text, (t) => {
        expect(normaliseExitKeyword(normaliseExitKeyword(t))).toBe(normaliseExitKeyword(t))
        expect(normaliseEntryKeyword(normaliseEntryKeyword(t))).toBe(normaliseEntryKeyword(t))
      }),
      { numRuns: propertyRuns(1_000) },
    )
  })

  it('matches the same with an invisible character in it and with a mark at its end', () => {
    const invisible = fc.constantFrom(
      '\u200b',
      '\u200e',
      '\u2006',
      '\ufeff',
      '\u00ad',
      '\u3164',
      '\ufe0f',
      '\u2060',
    )
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z退订0-9]{1,8}$/),
        fc.nat(8),
        invisible,
        fc.constantFrom('', '。', '!', '～', '…', '👍'),
        (word, at, hidden, mark) => {
          const typed = `${word.slice(0, at)}${hidden}${word.slice(at)}${mark}`
          expect(normaliseExitKeyword(typed)).toBe(normaliseExitKeyword(word))
          expect(normaliseEntryKeyword(typed)).toBe(normaliseEntryKeyword(word))
        },
      ),
    )
  })

  it('has an empty form when it is long', () => {
    const long = `${'。'.repeat(60_000)}a`
    expect([normaliseExitKeyword(long), normaliseEntryKeyword(long)]).toEqual(['', ''])
  })
})

describe('a text that is meant to keep the server busy', () => {
  const cpuMs = (work: () => void) => {
    const before = process.cpuUsage()
    for (let i = 0; i < 20; i++) work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  }

  // NFKC makes four of each.
  it.each([normaliseExitKeyword, normaliseEntryKeyword])(
    '%o: marks before a letter cost about what they cost alone',
    (word) => {
      const marks = '⁗'.repeat(499)
      word(marks)
      word(`${marks}a`)
      const alone = Math.max(
        1,
        cpuMs(() => word(marks)),
      )
      expect(cpuMs(() => word(`${marks}a`))).toBeLessThan(alone * 10)
    },
  )

  /** The slow regular expressions with the same result: they start again at every mark. */
  const MARK = String.raw`\p{P}\p{Sk}~`
  const EMOJI = String.raw`\p{So}\p{Extended_Pictographic}`
  const PLAIN = `(?: |(?![#@*&%/\\\\_?-])[${MARK}${EMOJI}])+`

  it('loses the same at its ends as by the slow regular expressions', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '退', '。', '!', '#', '_', '😀', '🏻', ' ', '~', '(', '"'),
    })
    const atEnd = new RegExp(`[${MARK}${EMOJI}]+$`, 'u')
    const plainAtEnd = new RegExp(`${PLAIN}$`, 'u')
    const plainAtStart = new RegExp(`^${PLAIN}`, 'u')
    fc.assert(
      fc.property(text, (rest) => {
        const folded = `a${rest}`.normalize('NFKC')
        expect(normaliseExitKeyword(folded)).toBe(folded.replace(/\s+/g, '').replace(atEnd, ''))
        const words = folded.replace(/\s+/g, ' ').trim()
        expect(normaliseEntryKeyword(folded)).toBe(words.replace(plainAtEnd, '').replace(plainAtStart, ''))
      }),
    )
  })
})
