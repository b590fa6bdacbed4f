import { describe, expect, it } from 'vitest'
import { classOf, type ErrcodeClass, isKnown, remedyOf, textOf } from './errcodes.ts'

/** Every errcode of the table, by its class: docs/contract.md#4-sending. */
const CODES: Record<ErrcodeClass, number[]> = {
  ok: [0],
  retry: [-1, 42006, 61005, 61006, 61450],
  token: [40001, 40014, 42001],
  'window-over': [45015],
  'quota-used': [45047],
  unfollowed: [43004, 50005],
  'opted-out': [43006, 43019, 48002],
  'bad-follower': [40003, 43005],
  media: [40007],
  content: [
    40004, 40005, 40006, 40009, 40010, 40011, 40012, 40032, 40113, 41005, 41006, 44001, 45001, 45056, 45057,
    45058, 45059, 45157, 45158, 45159, 49003, 40008, 40033, 40035, 40097, 40101, 40165, 40166, 40168, 41001,
    44002, 44003, 44004, 45002, 45003, 45004, 45005, 45006, 45007, 45008, 45048, 45049, 45050, 45051, 45052,
    45064, 45065, 45066, 45067, 45072, 45080, 45081, 45162, 47001, 48003, 48006, 48008, 61451, 61452, 65400,
    65401, 65402, 65413, 65414, 65415,
  ],
  'account-blocked': [
    40002, 40013, 40125, 40243, 41002, 41004, 45087, 45093, 45094, 48001, 48004, 50001, 50002, 50004, 61007,
    61011, 61014, 61024, 61028,
  ],
  'account-paused': [40164, 45035, 45102, 61004, 89501, 89503, 89506, 89507],
  'needs-authorisation': [40030, 42002, 42007, 61003, 61023],
  'quota-day': [45009],
  'quota-minute': [45011],
}
const rows = Object.entries(CODES).flatMap(([kind, codes]) => codes.map((code) => [code, kind] as const))

describe('an errcode of WeChat', () => {
  it.each(rows)('%i has the class %s', (code, kind) => {
    expect(isKnown(code)).toBe(true)
    expect(classOf(code)).toBe(kind)
    expect(textOf(code)).not.toBe('unknown code')
    expect(textOf(code)).not.toBe('')
  })

  it('has a row above when the table contains it', () => {
    const expected = new Set<number>(rows.map(([code]) => code))
    const without = Array.from({ length: 100_001 }, (_, i) => i - 1).filter(
      (code) => isKnown(code) && !expected.has(code),
    )
    expect(without).toEqual([])
  })

  it('that is unknown has the class content, which ends one step only', () => {
    expect(isKnown(99999)).toBe(false)
    expect(classOf(99999)).toBe('content')
    expect(textOf(99999)).toBe('unknown code')
  })
})

describe('the remedy for a stopped account', () => {
  const stopping = (
    ['account-blocked', 'account-paused', 'needs-authorisation', 'quota-day'] as const
  ).flatMap((kind) => CODES[kind])

  it.each(stopping)('for %i is given in both languages', (code) => {
    const { en, zh } = remedyOf(code)
    expect(en).toMatch(/^[A-Z].+\.$/)
    expect(zh).toMatch(/[\u4e00-\u9fff].*。$/)
  })

  it.each([
    [40164, 'whitelist', '白名单'],
    [61004, 'whitelist', '白名单'],
    [89503, 'whitelist', '白名单'],
    [61023, 'authorise', '授权'],
    [61003, 'authorise', '授权'],
    [48001, 'certified', '认证'],
    [48004, 'banned', '封禁'],
    [45102, 'for a while', '临时封禁'],
    [45009, 'midnight in Beijing', '零点'],
    [40125, 'AppSecret', 'AppSecret'],
    [61007, 'permission', '权限集'],
    [50002, '50002 (user limited)', '50002'],
  ])('for %i names: %s', (code, en, zh) => {
    expect(remedyOf(code).en).toContain(en)
    expect(remedyOf(code).zh).toContain(zh)
  })
})
