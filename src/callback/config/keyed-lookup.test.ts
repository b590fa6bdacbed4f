import { describe, expect, it } from 'vitest'
import { createKeyedLookup } from './keyed-lookup.ts'

/** A look-up in a store that answers when it is let; `stored` may grow. */
function lookupHarness(stored: Record<string, string> = {}) {
  const statements: string[] = []
  const found: Record<string, string> = {}
  const clock = { ms: 0 }
  const held: (() => void)[] = []
  const store = { held: false, error: null as Error | null }
  async function answer<V>(statement: string, value: V): Promise<V> {
    statements.push(statement)
    if (store.held) await new Promise<void>((resolve) => held.push(resolve))
    if (store.error) throw store.error
    return value
  }
  const lookup = createKeyedLookup<string>({
    readKeys: () => answer('keys', new Set(Object.keys(stored))),
    read: (key) => answer(key, stored[key] ?? null),
    onFound: (key, value) => {
      found[key] = value
    },
    monotonic: () => clock.ms,
  })
  const release = () => {
    for (const go of held.splice(0)) go()
  }
  return { ...lookup, statements, stored, kept: found, clock, store, release }
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

describe('made-up keys', () => {
  it('cost one statement together, however many they are', async () => {
    const { find, statements } = lookupHarness({ a: 'A' })
    const found = await Promise.all(Array.from({ length: 5_000 }, (_, i) => find(`made-up-${i}`)))
    expect(new Set(found)).toEqual(new Set([null]))
    for (let i = 0; i < 1_000; i++) expect(await find(`one-after-the-other-${i}`)).toBeNull()
    expect(statements).toEqual(['keys'])
  })

  it('are believed absent for half a second after the store answered', async () => {
    const { find, statements, clock, store, release } = lookupHarness()
    store.held = true
    const first = find('a')
    clock.ms = 2_000
    const second = find('b')
    release()
    expect(await Promise.all([first, second])).toEqual([null, null])
    clock.ms = 2_499
    expect(await find('a')).toBeNull()
    expect(statements).toEqual(['keys'])
    clock.ms = 2_500
    store.held = false
    await find('a')
    expect(statements).toEqual(['keys', 'keys'])
  })
})

describe('a key that is there', () => {
  it('is read once for all who wait, and kept', async () => {
    const { find, statements, kept: found } = lookupHarness({ a: 'A' })
    expect(await Promise.all([find('a'), find('b'), find('a')])).toEqual(['A', null, 'A'])
    expect(statements).toEqual(['keys', 'a'])
    expect(found).toEqual({ a: 'A' })
  })

  it('is found at once when it was added and that is known', async () => {
    const { find, clear: forget, stored } = lookupHarness()
    expect(await find('a')).toBeNull()
    stored.a = 'A'
    forget()
    expect(await find('a')).toBe('A')
  })

  it('is found by who asks after it was added and that is known, whatever is under way', async () => {
    const { find, clear: forget, stored, store, statements, release, kept: found } = lookupHarness()
    store.held = true
    const before = find('a')
    await until(() => statements.length === 1)
    stored.a = 'A'
    forget()
    const after = find('a')
    store.held = false
    release()
    expect(await Promise.all([before, after])).toEqual([null, 'A'])
    expect(found).toEqual({ a: 'A' })
  })

  it('is not kept when something was written while it was read', async () => {
    const {
      find,
      clear: forget,
      stored,
      store,
      statements,
      release,
      kept: found,
    } = lookupHarness({ a: 'old' })
    await find('b')
    store.held = true
    const before = find('a')
    await until(() => statements.length === 2)
    delete stored.a
    forget()
    release()
    expect(await before).toBe('old')
    expect(found).toEqual({})
  })
})

describe('a store that fails', () => {
  it('fails for all who wait, and is asked anew by the next', async () => {
    const { find, store, statements } = lookupHarness()
    store.error = new Error('store is away')
    await expect(Promise.allSettled([find('a'), find('b')])).resolves.toMatchObject([
      { reason: store.error },
      { reason: store.error },
    ])
    store.error = null
    expect(await find('a')).toBeNull()
    expect(statements).toEqual(['keys', 'keys'])
  })

  it('fails for a key that is there, too', async () => {
    const { find, store } = lookupHarness({ a: 'A' })
    await find('b')
    store.error = new Error('store is away')
    await expect(find('a')).rejects.toThrow('store is away')
    store.error = null
    expect(await find('a')).toBe('A')
  })
})
