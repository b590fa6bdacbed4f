import { describe, expect, it } from 'vitest'
import { createKeyedLookup } from './keyed-lookup.ts'

/** A lookup in a store with the values `stored`. While `store.held` is true, statements wait for `release`. */
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

describe('invented keys', () => {
  it('cost one statement together', async () => {
    const { find, statements } = lookupHarness({ a: 'A' })
    const found = await Promise.all(Array.from({ length: 5_000 }, (_, i) => find(`invented-${i}`)))
    expect(new Set(found)).toEqual(new Set([null]))
    for (let i = 0; i < 1_000; i++) expect(await find(`one-after-the-other-${i}`)).toBeNull()
    expect(statements).toEqual(['keys'])
  })

  it('count as absent for half a second after the store has answered', async () => {
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

describe('an existing key', () => {
  it('is read once for all concurrent callers, and cached', async () => {
    const { find, statements, kept: found } = lookupHarness({ a: 'A' })
    expect(await Promise.all([find('a'), find('b'), find('a')])).toEqual(['A', null, 'A'])
    expect(statements).toEqual(['keys', 'a'])
    expect(found).toEqual({ a: 'A' })
  })

  it('is found immediately when it was added before a clear', async () => {
    const { find, clear, stored } = lookupHarness()
    expect(await find('a')).toBeNull()
    stored.a = 'A'
    clear()
    expect(await find('a')).toBe('A')
  })

  it('is found after a clear although another read is in progress', async () => {
    const { find, clear, stored, store, statements, release, kept: found } = lookupHarness()
    store.held = true
    const before = find('a')
    await until(() => statements.length === 1)
    stored.a = 'A'
    clear()
    const after = find('a')
    store.held = false
    release()
    expect(await Promise.all([before, after])).toEqual([null, 'A'])
    expect(found).toEqual({ a: 'A' })
  })

  it('is not cached when a clear happened during its read', async () => {
    const { find, clear, stored, store, statements, release, kept: found } = lookupHarness({ a: 'old' })
    await find('b')
    store.held = true
    const before = find('a')
    await until(() => statements.length === 2)
    delete stored.a
    clear()
    release()
    expect(await before).toBe('old')
    expect(found).toEqual({})
  })
})

describe('a store that fails', () => {
  it('fails for all waiting callers, and is asked again by the next one', async () => {
    const { find, store, statements } = lookupHarness()
    store.error = new Error('store unavailable')
    await expect(Promise.allSettled([find('a'), find('b')])).resolves.toMatchObject([
      { reason: store.error },
      { reason: store.error },
    ])
    store.error = null
    expect(await find('a')).toBeNull()
    expect(statements).toEqual(['keys', 'keys'])
  })

  it('fails for an existing key too', async () => {
    const { find, store } = lookupHarness({ a: 'A' })
    await find('b')
    store.error = new Error('store unavailable')
    await expect(find('a')).rejects.toThrow('store unavailable')
    store.error = null
    expect(await find('a')).toBe('A')
  })
})
