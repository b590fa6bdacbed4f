/** How a text is compared with a word: the whole text, its beginning, or any part of it. */
export type WordMatch = 'exact' | 'prefix' | 'contains'

/**
 * Finds the words that a text has, each with a rank. The time depends on the length of the text and on how many different
 * lengths the words have, not on the number of words: parts of the text are looked up, not words in the text.
 */
export class WordIndex {
  readonly #exact = new Map<string, number[]>()
  readonly #prefixes = new PartIndex()
  readonly #parts = new PartIndex()

  /** @param rank the smaller, the earlier. Words are added in the order of their ranks */
  add(word: string, match: WordMatch, rank: number): void {
    if (word === '') return
    if (match === 'exact') append(this.#exact, word, rank)
    else (match === 'prefix' ? this.#prefixes : this.#parts).add(word, rank)
  }

  /** The smallest rank that is allowed, of all words that fit the text; Infinity when none does. */
  first(text: string, allowed: (rank: number) => boolean): number {
    if (text === '') return Infinity
    let found = firstAllowed(this.#exact.get(text), Infinity, allowed)
    found = this.#prefixes.firstAt(text, 0, found, allowed)
    if (this.#parts.isEmpty) return found
    for (let at = 0; at < text.length; at++) found = this.#parts.firstAt(text, at, found, allowed)
    return found
  }
}

/** Words that may begin at a place of a text. */
class PartIndex {
  readonly #ranks = new Map<string, number[]>()
  /** The lengths of the words by their first UTF-16 unit. */
  readonly #lengths = new Map<number, number[]>()

  get isEmpty(): boolean {
    return this.#ranks.size === 0
  }

  add(word: string, rank: number): void {
    append(this.#ranks, word, rank)
    const first = word.charCodeAt(0)
    if (!this.#lengths.get(first)?.includes(word.length)) append(this.#lengths, first, word.length)
  }

  firstAt(text: string, at: number, before: number, allowed: (rank: number) => boolean): number {
    let found = before
    for (const length of this.#lengths.get(text.charCodeAt(at)) ?? []) {
      if (at + length > text.length) continue
      found = firstAllowed(this.#ranks.get(text.slice(at, at + length)), found, allowed)
    }
    return found
  }
}

function append<K>(map: Map<K, number[]>, key: K, value: number): void {
  const known = map.get(key)
  if (known) known.push(value)
  else map.set(key, [value])
}

/** The first of ascending ranks that is allowed and smaller than `before`; else `before`. */
function firstAllowed(
  ranks: readonly number[] | undefined,
  before: number,
  allowed: (rank: number) => boolean,
): number {
  for (const rank of ranks ?? []) {
    if (rank >= before) return before
    if (allowed(rank)) return rank
  }
  return before
}
