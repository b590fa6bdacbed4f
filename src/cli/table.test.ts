import { describe, expect, it } from 'vitest'
import { table } from './table.ts'

describe('a table in a terminal', () => {
  it('stands in columns, without loose ends', () => {
    const rows = [
      ['20s', 'hint', 'sent', null],
      ['48h', 'gift', 'skipped', 'no-reply'],
    ]
    expect(table(['when', 'step', 'state', 'reason'], rows)).toBe(
      ['when  step  state    reason', '20s   hint  sent', '48h   gift  skipped  no-reply'].join('\n'),
    )
  })

  it('gives a Chinese character the two columns that it takes', () => {
    expect(
      table(
        ['name', 'n'],
        [
          ['小鹿', 1],
          ['a', 2],
        ],
      ),
    ).toBe(['name  n', '小鹿  1', 'a     2'].join('\n'))
  })

  it('is its headings alone when there is nothing to show', () => {
    expect(table(['a', 'b'], [])).toBe('a  b')
  })
})
