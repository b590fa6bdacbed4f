import { describe, expect, it } from 'vitest'
import { createPlaces } from './places.ts'

const LIMITS = { places: 3, strangers: 1, bodyBytes: 100 }

describe('places for callbacks under way', () => {
  it('are taken and given back once, and counted', () => {
    const counts: number[] = []
    const places = createPlaces((n) => counts.push(n), LIMITS)
    const [first] = [1, 2, 3].map(() => places.take({ signed: true, bytes: 1 }))
    expect(places.take({ signed: true, bytes: 1 })).toBeNull()
    first?.()
    first?.()
    expect(places.take({ signed: true, bytes: 1 })).not.toBeNull()
    expect(places.take({ signed: true, bytes: 1 })).toBeNull()
    expect(counts).toEqual([1, 2, 3, 2, 3])
  })

  it('strangers take their share at most, and never what is left for WeChat', () => {
    const places = createPlaces(() => {}, LIMITS)
    const stranger = places.take({ signed: false, bytes: 1 })
    expect(places.take({ signed: false, bytes: 1 })).toBeNull()
    expect(places.take({ signed: true, bytes: 1 })).not.toBeNull()
    stranger?.()
    expect(places.take({ signed: false, bytes: 1 })).not.toBeNull()
  })

  it('all bodies together stay below a bound', () => {
    const places = createPlaces(() => {}, LIMITS)
    const big = places.take({ signed: true, bytes: 70 })
    expect(places.take({ signed: true, bytes: 31 })).toBeNull()
    expect(places.take({ signed: true, bytes: 30 })).not.toBeNull()
    big?.()
    expect(places.take({ signed: true, bytes: 70 })).not.toBeNull()
  })
})
