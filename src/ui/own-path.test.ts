import { expect, it } from 'vitest'
import { isOwnPath } from './own-path.ts'

it.each(['/', '/campaigns/a?range=7', '/a//b', '/~!'])('%j is a path of this server', (path) => {
  expect(isOwnPath(path)).toBe(true)
})

it.each(['', 'a', '//host', '/\\host', '/a\\b', '/a b', '/a\n', '/é', 'https://host/', '/\x7f'])(
  '%j is none',
  (path) => {
    expect(isOwnPath(path)).toBe(false)
  },
)
