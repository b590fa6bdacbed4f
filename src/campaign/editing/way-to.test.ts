import { describe, expect, it } from 'vitest'
import { wayTo } from './way-to.ts'

const fields = {
  steps: [
    { id: 'hello' },
    {
      id: 'ask',
      branches: [
        { name: 'A', steps: [] },
        { name: 'B', steps: [{ id: 'again', branches: [], else: [{ id: 'in' }] }] },
      ],
      else: [{ id: 'silent' }],
    },
  ],
}

describe('the way to an item', () => {
  it.each([
    [['steps', 0], {}],
    [['steps', 1], {}],
    [['steps', 1, 'branches', 0], { ask: 0 }],
    [['steps', 1, 'branches', 1, 'steps', 0], { ask: 1 }],
    [['steps', 1, 'branches', 1, 'steps', 0, 'else', 0], { ask: 1, again: -1 }],
    [['steps', 1, 'else', 0], { ask: -1 }],
    [['steps', 9, 'else', 0], {}],
    [['entry'], {}],
  ])('%j', (path, way) => {
    expect(wayTo(fields, path)).toEqual(way)
  })
})
