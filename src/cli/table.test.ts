import { describe, expect, it } from 'vitest'
import { table } from './table.ts'

describe('a table in a terminal', () => {
  it('has aligned columns without trailing spaces', () => {
    const rows = [
      ['20s', 'hint', 'sent', null],
      ['48h', 'gift', 'skipped', 'no-reply'],
    ]
    expect(table(['when', 'step', 'state', 'reason'], rows)).toBe(
      ['when  step  state    reason', '20s   hint  sent', '48h   gift  skipped  no-reply'].join('\n'),
    )
  })

  it('counts a Chinese character as two columns', () => {
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

  it('has only its header without rows', () => {
    expect(table(['a', 'b'], [])).toBe('a  b')
  })
})
