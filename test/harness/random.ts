import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A seeded random generator: a seed produces the same values on every machine. */
export interface Random {
  /** An integer from 0 to n − 1. */
  integerBelow(n: number): number
  /** An integer, `from` ≤ x < `to`. */
  integerBetween(from: number, to: number): number
  /** True with this probability. */
  chance(share: number): boolean
  /** @throws Error when there is nothing to pick from */
  pick<T>(items: readonly T[]): T
  bytes(length: number): Buffer
}

export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed)
  const integerBetween = (from: number, to: number) => uniformInt(generator, from, to - 1)
  const integerBelow = (n: number) => integerBetween(0, n)
  return {
    integerBelow,
    integerBetween,
    chance: (share) => uniformFloat64(generator) < share,
    pick<T>(items: readonly T[]): T {
      if (items.length === 0) throw new Error('nothing to pick from')
      return items[integerBelow(items.length)] as T
    },
    bytes: (length) => Buffer.from(Array.from({ length }, () => integerBelow(256))),
  }
}
