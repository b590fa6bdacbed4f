import { describe, expect, it } from 'vitest'
import { readCsv } from '../../test/harness/read-csv.ts'
import { csvOf } from './csv.ts'

describe('CSV for spreadsheets', () => {
  it('begins with a byte order mark and ends each line with CR LF', () => {
    const csv = csvOf({ header: ['步骤', 'sent'], rows: [['领取', 3]] })
    expect(csv).toBe('\uFEFF步骤,sent\r\n领取,3\r\n')
    expect([...Buffer.from(csv, 'utf8').subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
  })

  it('quotes what a reader would divide, and leaves an unknown number empty', () => {
    const rows = [['a,b', 'say "hi"', 'two\nlines', 'two\r\nlines', ' spaces ', null]]
    expect(readCsv(csvOf({ header: ['1', '2', '3', '4', '5', '6'], rows }))[1]).toEqual([
      'a,b',
      'say "hi"',
      'two\nlines',
      'two\r\nlines',
      ' spaces ',
      '',
    ])
  })

  it.each([
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '＝1',
    '＋1',
    '－1',
    '＠x',
    "=cmd|' /C calc'!A0",
    '="a""b",1',
  ])('is no formula where a text is %j', (text) => {
    for (const csv of [csvOf({ header: [text], rows: [] }), csvOf({ header: ['x'], rows: [[text]] })])
      expect(readCsv(csv).at(-1)).toEqual([`'${text}`])
  })

  it('keeps numbers, also below zero', () => {
    expect(readCsv(csvOf({ header: ['value'], rows: [[-99.5], [0], [1e21]] })).slice(1)).toEqual([
      ['-99.5'],
      ['0'],
      ['1e+21'],
    ])
  })
})
