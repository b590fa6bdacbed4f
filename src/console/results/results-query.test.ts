import { describe, expect, it } from 'vitest'
import { targetAccounts } from '../../campaign/target-accounts.ts'
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

  it('counts days with today: in Beijing while there is no account', () => {
    expect(statisticsQuery({ range: '1', version: null }, NOW, [])).toBe('from=2026-12-01')
    expect(statisticsQuery({ range: '7', version: 3 }, NOW, [])).toBe('from=2026-11-25&version=3')
    expect(statisticsQuery({ range: 'all', version: null }, NOW, [])).toBe('')
  })

  it('begins with the earliest day that the accounts of the campaign have', () => {
    const [china, newYork] = [
      { appId: 'wxchina', timezone: 'Asia/Shanghai' },
      { appId: 'wxnewyork', timezone: 'America/New_York' },
    ]
    const today = (of: { accounts?: string[] }) =>
      statisticsQuery({ range: '1', version: null }, NOW, targetAccounts(of.accounts, [china, newYork]))
    expect(today({ accounts: ['wxchina'] })).toBe('from=2026-12-01')
    expect(today({ accounts: ['wxnewyork'] })).toBe('from=2026-11-30')
    expect(today({})).toBe('from=2026-11-30')
  })

  it('counts whole days over a change of the clocks', () => {
    // 00:30 of 2 November in New York; the day before had 25 hours.
    const now = Date.parse('2026-11-02T05:30:00Z')
    const accounts = [{ timezone: 'America/New_York' }]
    expect(statisticsQuery({ range: '7', version: null }, now, accounts)).toBe('from=2026-10-27')
  })
})
