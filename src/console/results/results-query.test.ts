import { describe, expect, it } from 'vitest'
import { readResultsQuery, resultsHref, statisticsQuery } from './results-query.ts'

/** 02:00 of 1 December in Beijing. */
const NOW = Date.parse('2026-11-30T18:00:00Z')

describe('the query of results', () => {
  it('is the last seven days of all versions by default, also for nonsense', () => {
    const normal = { range: '7', version: null }
    expect(readResultsQuery({})).toEqual(normal)
    expect(readResultsQuery({ range: '8', version: '-1' })).toEqual(normal)
    expect(readResultsQuery({ range: '', version: '99999999999' })).toEqual(normal)
  })

  it('is kept in the address', () => {
    const query = readResultsQuery({ range: 'all', version: '6' })
    expect(resultsHref(query)).toBe('?range=all&version=6')
    expect(resultsHref(readResultsQuery({ range: '1' }))).toBe('?range=1')
  })

  it('counts days in Beijing, with today', () => {
    expect(statisticsQuery({ range: '1', version: null }, NOW)).toBe('from=2026-12-01')
    expect(statisticsQuery({ range: '7', version: 3 }, NOW)).toBe('from=2026-11-25&version=3')
    expect(statisticsQuery({ range: 'all', version: null }, NOW)).toBe('')
  })
})
