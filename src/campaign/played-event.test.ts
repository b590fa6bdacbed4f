import { describe, expect, it } from 'vitest'
import { readPlayedEvent } from './played-event.ts'

describe('the time of an event', () => {
  it.each([
    ['3h30m message 1', '"3h30m" is not a duration: write one unit only, 210m'],
    ['soon message 1', '"soon message 1" begins with no duration, like 30s'],
  ])('%s is refused', (text, problem) => expect(readPlayedEvent(text)).toEqual({ problem }))
})

describe('a fact of a preview', () => {
  it.each([
    ['2h fact paid=true', { paid: true }],
    ['2h fact amount=12.5', { amount: 12.5 }],
    ['2h fact code=007', { code: '007' }],
    ['2h fact x=NaN', { x: 'NaN' }],
    ['2h fact x=-Infinity', { x: '-Infinity' }],
    ['2h fact note=a=b', { note: 'a=b' }],
  ])('is read from "%s"', (text, facts) => {
    expect(readPlayedEvent(text)).toEqual({ atMs: 7_200_000, do: 'facts', facts })
  })

  it('is the only one of its event', () => {
    expect(readPlayedEvent('1m fact booked=true visitAt=2026-11-24')).toEqual({
      problem:
        '"1m fact booked=true visitAt=2026-11-24" sets several facts at once: give visitAt an event of its own',
    })
  })
})
