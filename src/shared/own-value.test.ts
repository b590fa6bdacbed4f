import { describe, expect, it } from 'vitest'
import { addTo, ownValue } from './own-value.ts'

const NAMES = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__']

describe('a record by names that people have chosen', () => {
  it.each(NAMES)('has nothing under %s that was not put there', (name) => {
    expect(ownValue({}, name)).toBeUndefined()
    expect(ownValue(Object.fromEntries([[name, 7]]), name)).toBe(7)
  })
  it.each([...NAMES, 'a'])('counts %s', (name) => {
    const counts: Record<string, number> = {}
    addTo(counts, name)
    addTo(counts, name, 2)
    expect(JSON.stringify(counts)).toBe(`{"${name}":3}`)
  })
})
