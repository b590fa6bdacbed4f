import { describe, expect, it } from 'vitest'
import { suggestId } from './new-id.ts'

describe('the id of a new campaign', () => {
  it.each([
    ['Spring Sale 2027', 'welcome', 'spring-sale-2027'],
    ['新粉欢迎', 'welcome', 'welcome-3'],
    ['新粉 A', 'course', 'course'],
    ['Café — été', 'x', 'cafe-ete'],
    ['new', 'x', 'new-2'],
    ['', '', 'campaign'],
    ['a'.repeat(100), 'x', 'a'.repeat(60)],
  ])('of %j from %s is %s', (name, other, id) => {
    expect(suggestId(name, other, new Set(['welcome', 'welcome-2']))).toBe(id)
  })
})
