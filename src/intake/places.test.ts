import { describe, expect, it } from 'vitest'
import { createPlaces } from './places.ts'

const LIMITS = { places: 3, strangers: 1, bodyBytes: 100, strangerBytes: 20, crowd: 2 }

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

  it('strangers with large bodies leave the bytes of WeChat to WeChat', () => {
    const places = createPlaces(() => {}, { ...LIMITS, places: 10, strangers: 5 })
    const stranger = places.take({ signed: false, bytes: 20 })
    expect(places.take({ signed: false, bytes: 1 })).toBeNull()
    expect(places.take({ signed: true, bytes: 80 })).not.toBeNull()
    stranger?.()
    expect(places.take({ signed: false, bytes: 20 })).not.toBeNull()
  })

  it('all bodies together stay below a bound', () => {
    const places = createPlaces(() => {}, LIMITS)
    const big = places.take({ signed: true, bytes: 70 })
    expect(places.take({ signed: true, bytes: 31 })).toBeNull()
    expect(places.take({ signed: true, bytes: 30 })).not.toBeNull()
    big?.()
    expect(places.take({ signed: true, bytes: 70 })).not.toBeNull()
  })

  it('are closed while a crowd waits for a slow store: a new one would be answered too late', () => {
    let now = 0
    const places = createPlaces(
      () => {},
      { ...LIMITS, places: 10 },
      () => now,
    )
    const take = (signed = true) => places.take({ signed, bytes: 1 })
    const first = take()
    now = 2_001
    const second = take()
    expect(second).not.toBeNull()
    expect(take()).toBeNull()
    first?.()
    expect(take()).not.toBeNull()
  })

  it('are not closed by a stranger who keeps a request open', () => {
    let now = 0
    const places = createPlaces(
      () => {},
      { ...LIMITS, places: 10 },
      () => now,
    )
    places.take({ signed: false, bytes: 1 })
    now = 60_000
    for (let i = 0; i < 5; i++) expect(places.take({ signed: true, bytes: 1 })).not.toBeNull()
  })
  it('tell of a flood while it lasts and a second longer; strangers make none', () => {
    let now = 0
    const places = createPlaces(
      () => {},
      { ...LIMITS, places: 1_000, strangers: 1_000, bodyBytes: 1_000, strangerBytes: 1_000, crowd: 1_000 },
      () => now,
    )
    const come = (signed: boolean, times: number) => {
      for (let i = 0; i < times; i++) places.take({ signed, bytes: 1 })?.()
    }
    come(false, 500)
    come(true, 100)
    expect(places.isFlooded()).toBe(false)
    come(true, 1)
    expect(places.isFlooded()).toBe(true)
    now = 1_999
    expect(places.isFlooded()).toBe(true)
    now = 2_000
    expect(places.isFlooded()).toBe(false)
    come(true, 101)
    now = 10_000
    expect(places.isFlooded()).toBe(false)
  })
})
