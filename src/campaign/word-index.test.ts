import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PROPERTY_RUNS } from '../../test/harness/property-runs.ts'
import { WordIndex, type WordMatch } from './word-index.ts'

const text = fc.string({ unit: fc.constantFrom('价', '格', '1', '2', 'a', '😀'), maxLength: 8 })
const matches = fc.constantFrom<WordMatch>('exact', 'prefix', 'contains')
const entries = fc.array(fc.tuple(text, matches, fc.boolean()), { maxLength: 12 })

/** The rule, one word after the other. */
function fits(typed: string, word: string, match: WordMatch): boolean {
  if (word === '' || typed === '') return false
  if (match === 'exact') return typed === word
  return match === 'prefix' ? typed.startsWith(word) : typed.includes(word)
}

describe('the first word that a text has', () => {
  it('is the one that a search word by word finds', () => {
    fc.assert(
      fc.property(entries, text, (words, typed) => {
        const index = new WordIndex()
        for (const [rank, [word, match]] of words.entries()) index.add(word, match, rank)
        const allowed = (rank: number) => words[rank]?.[2] === true
        const expected = words.findIndex(([word, match, ok]) => ok && fits(typed, word, match))
        expect(index.first(typed, allowed)).toBe(expected < 0 ? Infinity : expected)
      }),
      { numRuns: PROPERTY_RUNS },
    )
  })

  it('is found in a text of 500 characters among 100,000 words with few looks', () => {
    const index = new WordIndex()
    for (let i = 0; i < 100_000; i++) index.add(`词${i.toString(36)}`, 'contains', i)
    let looked = 0
    const found = index.first(`${'词'.repeat(490)}词zz`, () => {
      looked++
      return true
    })
    expect(found).toBe(Number.parseInt('z', 36))
    expect(looked).toBeLessThan(5)
  })
})
