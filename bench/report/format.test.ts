import { describe, expect, it } from 'vitest'
import { figureTable, figureTables, formatRatio, formatValue } from './format.ts'

describe('a measured value', () => {
  it.each([
    [0.31, 'ms', '0.3 ms'],
    [100, 'ms', '100 ms'],
    [1_250, 'ms', '1.3 s'],
    [39 * 60_000, 'ms', '39 min'],
    [9_789, 'bytes', '9.8 KB'],
    [213, 'bytes', '213 bytes'],
    [24, '1/s', '24/s'],
    [558.4, 'MiB', '558 MiB'],
    [1_783, 'followers', '1,783'],
    [53.87, '', '53.9'],
    [-0.04, 'ms', '-0.04 ms'],
    [0, 'ms', '0 ms'],
  ])('%d %s is shown as %s', (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, null, undefined])('%s was not measured', (value) => {
    expect(formatValue(value, 'ms')).toBe('not measured')
  })
})

describe('a table of figures', () => {
  const cpu = {
    name: 'CPU',
    unit: 'ms',
    value: 110,
    reference: { name: 'bare', value: 77.4 },
    aim: '≤ 1.0 ×',
  }

  it('has the reference, the ratio and the aim', () => {
    const [, , row] = figureTable([cpu]).split('\n')
    expect(row).toBe('| CPU    | 110 ms | bare: 77.4 ms             | 1.4 × | ≤ 1.0 × |')
  })

  it('leaves out a column that nothing fills', () => {
    expect(figureTable([{ name: 'events', unit: '', value: 47 }])).toBe(
      '| Figure | Value |\n| ------ | ----- |\n| events | 47    |',
    )
  })

  it('shows small ratios with two decimals, and none where the reference is missing', () => {
    expect(formatRatio({ ...cpu, value: 1.5 })).toBe('0.02 ×')
    expect(formatRatio({ ...cpu, reference: { name: 'bare', value: Number.NaN } })).toBe('not measured')
    expect(formatRatio({ name: 'x', unit: 'ms', value: 1 })).toBe('')
  })
})

describe('the tables of figures of several cases', () => {
  const figure = (name: string, value: number, more = {}) => ({ name, unit: 'bytes', value, ...more })

  it('have a column for each case, after the table of the other figures', () => {
    const [others, cases] = figureTables([
      figure('early: log', 60),
      figure('connections', 8),
      figure('late: log', 70, { aim: '0' }),
      figure('early: packed', 30),
      figure('late: packed', 40),
    ])
    expect(others).toContain('| connections | 8 bytes |')
    expect(cases).toBe(
      [
        '| Figure       | early    | late     |',
        '| ------------ | -------- | -------- |',
        '| log          | 60 bytes |          |',
        '| log (aim: 0) |          | 70 bytes |',
        '| packed       | 30 bytes | 40 bytes |',
      ].join('\n'),
    )
  })

  it('keep a figure with a reference in the first table', () => {
    const tables = figureTables([figure('a: b', 1, { reference: { name: 'c', value: 2 } })])
    expect(tables).toHaveLength(1)
    expect(tables[0]).toContain('Ratio')
  })

  it('are none without figures', () => {
    expect(figureTables([])).toEqual([])
  })
})
