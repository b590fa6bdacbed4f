/** Chance that a seed repeats: the same seed gives the same cases, or the same schedule. */
export interface Random {
  /** 0 ≤ x < 1 */
  next(): number
  /** 0 to n − 1. */
  integerBelow(n: number): number
  /** A whole number, `from` ≤ x < `to`. */
  integerBetween(from: number, to: number): number
  chance(share: number): boolean
  /** @throws Error when there is nothing to pick from */
  pick<T>(items: readonly T[]): T
  bytes(length: number): Buffer
}

/** mulberry32: small, fast, and the same on every machine. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const integerBelow = (n: number) => Math.floor(next() * n)
  return {
    next,
    integerBelow,
    integerBetween: (from, to) => from + integerBelow(to - from),
    chance: (share) => next() < share,
    pick<T>(items: readonly T[]): T {
      if (items.length === 0) throw new Error('nothing to pick from')
      return items[integerBelow(items.length)] as T
    },
    bytes: (length) => Buffer.from(Array.from({ length }, () => integerBelow(256))),
  }
}
