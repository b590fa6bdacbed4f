import { describe, expect, it } from 'vitest'
import { createLookUp } from './look-up.ts'

const LIMITS = { batch: 3, waiting: 5, absent: 4, absentMs: 500, apartMs: 0 }

/** A look-up in a store that answers when it is let; `stored` may grow. */
function lookUp(stored: Record<string, string> = {}, limits = LIMITS) {
  const statements: string[][] = []
  const kept: Record<string, string> = {}
  const clock = { ms: 0 }
  const held: (() => void)[] = []
  const store = { held: false, trouble: null as Error | null }
  const made = createLookUp<string>({
    async read(keys) {
      statements.push([...keys])
      const seen = new Map(keys.flatMap((key) => (stored[key] ? [[key, stored[key]]] : [])))
      if (store.held) await new Promise<void>((resolve) => held.push(resolve))
      if (store.trouble) throw store.trouble
      return seen
    },
    keep: (key, value) => {
      kept[key] = value
    },
    monotonic: () => clock.ms,
    limits,
  })
  const release = () => {
    for (const go of held.splice(0)) go()
  }
  return { ...made, statements, stored, kept, clock, store, release }
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

describe('what is asked for together', () => {
  it('is one statement, however often', async () => {
    const { find, statements, kept } = lookUp({ a: 'A' })
    expect(await Promise.all([find('a'), find('b'), find('a'), find('b')])).toEqual(['A', null, 'A', null])
    expect(statements).toEqual([['a', 'b']])
    expect(kept).toEqual({ a: 'A' })
  })

  it('is as many statements as it fills, one after the other', async () => {
    const { find, statements, store, release } = lookUp()
    store.held = true
    const asked = ['a', 'b', 'c', 'd', 'e'].map(find)
    await until(() => statements.length === 1)
    expect(statements).toEqual([['a', 'b', 'c']])
    release()
    await until(() => statements.length === 2)
    release()
    expect(await Promise.all(asked)).toEqual([null, null, null, null, null])
    expect(statements[1]).toEqual(['d', 'e'])
  })

  it('is refused beyond a bound', async () => {
    const { find, statements, store, release } = lookUp()
    store.held = true
    const first = find('first')
    await until(() => statements.length === 1)
    const asked = ['a', 'b', 'c', 'd', 'e'].map(find)
    await expect(find('f')).rejects.toThrow('too many')
    // One that waits already is no further one.
    const again = find('a')
    store.held = false
    release()
    expect(await Promise.all([first, again, ...asked])).toHaveLength(7)
  })

  it('fails together where the store fails, and is asked for anew', async () => {
    const { find, store, statements } = lookUp()
    store.trouble = new Error('store is away')
    await expect(Promise.allSettled([find('a'), find('b')])).resolves.toMatchObject([
      { reason: store.trouble },
      { reason: store.trouble },
    ])
    store.trouble = null
    expect(await find('a')).toBeNull()
    expect(statements).toEqual([['a', 'b'], ['a']])
  })
})

describe('what is absent', () => {
  it('is not asked for again for half a second', async () => {
    const { find, statements, clock } = lookUp()
    await find('a')
    clock.ms = 499
    expect(await find('a')).toBeNull()
    expect(statements).toHaveLength(1)
    clock.ms = 500
    await find('a')
    expect(statements).toHaveLength(2)
  })

  it('is found at once when it was added and that is known', async () => {
    const { find, forget, stored } = lookUp()
    expect(await find('a')).toBeNull()
    stored.a = 'A'
    forget()
    expect(await find('a')).toBe('A')
  })

  it('is found by who asks after it was added, whatever is under way', async () => {
    const { find, forget, stored, store, statements, release, kept } = lookUp()
    store.held = true
    const before = find('a')
    await until(() => statements.length === 1)
    stored.a = 'A'
    const after = find('a')
    forget()
    store.held = false
    release()
    expect(await Promise.all([before, after])).toEqual([null, 'A'])
    expect(await find('a')).toBe('A')
    expect(kept).toEqual({ a: 'A' })
  })

  it('is not kept when something was written while it was read', async () => {
    const { find, forget, stored, store, statements, release, kept } = lookUp({ a: 'old' })
    store.held = true
    const before = find('a')
    await until(() => statements.length === 1)
    delete stored.a
    forget()
    release()
    expect(await before).toBe('old')
    expect(kept).toEqual({})
  })

  it('is remembered of so many at most', async () => {
    const { find, statements } = lookUp()
    for (const key of ['a', 'b', 'c', 'd', 'e']) await find(key)
    statements.splice(0)
    for (const key of ['e', 'd', 'c', 'b', 'a']) await find(key)
    expect(statements).toEqual([['a']])
  })
})
