import { describe, expect, it } from 'vitest'
import { MAYBE_RESERVED, reservedPaths } from './reserved-names.ts'

describe('a reserved name', () => {
  it.each([
    ['{"a":{"__proto__":1}}', ['a.__proto__']],
    ['{"list":[{"\\u005f_proto__":{"x":1}}],"__proto__":null}', ['list.0.__proto__', '__proto__']],
    ['{"constructor":1,"prototype":"__proto__","__proto":{}}', []],
    ['"__proto__"', []],
    ['null', []],
  ])('of %s is found with its path', (json, paths) => {
    expect(reservedPaths(JSON.parse(json))).toEqual(paths)
    if (paths.length > 0) expect(json).toMatch(MAYBE_RESERVED)
  })
})
