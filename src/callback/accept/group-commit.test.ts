import { afterEach, describe, expect, it, vi } from 'vitest'
import { createGroupCommit } from './group-commit.ts'

afterEach(() => vi.useRealTimers())

/** A store whose batches end when the test ends them. */
function slowStore() {
  const batches: { items: string[]; end(results?: (string | Error)[]): void; fail(err: Error): void }[] = []
  const group = createGroupCommit<string, string>({
    store: (items) =>
      new Promise((resolve, fail) => {
        batches.push({ items, end: (results = items.map((i) => `${i}!`)) => resolve(results), fail })
      }),
    timeoutMs: 4_000,
    now: () => performance.now(),
  })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return { batches, group, settle, items: () => batches.map((b) => b.items) }
}

describe('events that arrive faster than the store accepts them', () => {
  it('are stored alone while none waits, and then together in order of arrival', async () => {
    const { batches, group, settle, items } = slowStore()
    const answers = ['a', 'b', 'c', 'd'].map((i) => group.accept(i))
    expect(items()).toEqual([['a']])
    batches[0]?.end()
    expect(await answers[0]).toBe('a!')
    await settle()
    expect(items()).toEqual([['a'], ['b', 'c', 'd']])
    batches[1]?.end()
    expect(await Promise.all(answers)).toEqual(['a!', 'b!', 'c!', 'd!'])
  })

  it('are stored in batches of bounded size', async () => {
    const { batches, group, settle } = slowStore()
    for (let i = 0; i < 2_500; i++) void group.accept(String(i))
    for (const n of [0, 1, 2]) {
      batches[n]?.end()
      await settle()
    }
    expect(batches.map((b) => b.items.length)).toEqual([1, 1_000, 1_000, 499])
    expect(batches.flatMap((b) => b.items)).toEqual(Array.from({ length: 2_500 }, (_, i) => String(i)))
  })

  it('do not fail with an invalid item of their batch, which fails immediately', async () => {
    const { batches, group, settle } = slowStore()
    const [first, bad, good] = ['first', 'bad', 'good'].map((i) => group.accept(i))
    const refused = expect(bad).rejects.toThrow('refused')
    batches[0]?.end()
    await first
    await settle()
    batches[1]?.end([new Error('refused'), 'good!'])
    await refused
    expect(await good).toBe('good!')
  })
})

describe('a store that is unavailable, such as a restarting database', () => {
  it('is retried with all waiting items, in order of arrival', async () => {
    vi.useFakeTimers()
    const { batches, group, items } = slowStore()
    const first = group.accept('first')
    batches[0]?.fail(new Error('connection refused'))
    await vi.advanceTimersByTimeAsync(100)
    const second = group.accept('second')
    expect(items()).toEqual([['first']])
    await vi.advanceTimersByTimeAsync(100)
    expect(items()).toEqual([['first'], ['first', 'second']])
    batches[1]?.end()
    expect(await Promise.all([first, second])).toEqual(['first!', 'second!'])
  })

  it('is retried for 4 s, and then the item fails with the last error of the store', async () => {
    vi.useFakeTimers()
    const { batches, group } = slowStore()
    const failed = expect(group.accept('first')).rejects.toThrow('still unavailable')
    for (let tries = 0; tries < batches.length; tries++) {
      batches[tries]?.fail(new Error(tries === 0 ? 'unavailable' : 'still unavailable'))
      await vi.advanceTimersByTimeAsync(200)
    }
    await failed
    expect(batches.length).toBe(20)
  })

  it('is retried with the items of two failed batches as one, oldest first', async () => {
    vi.useFakeTimers()
    const { batches, group, items } = slowStore()
    void group.accept('old').catch(() => {})
    await vi.advanceTimersByTimeAsync(1_000)
    void group.accept('young').catch(() => {})
    batches[1]?.fail(new Error('unavailable'))
    await vi.advanceTimersByTimeAsync(100)
    batches[0]?.fail(new Error('unavailable'))
    await vi.advanceTimersByTimeAsync(200)
    expect(items().at(-1)).toEqual(['old', 'young'])
  })
})

describe('a store that hangs', () => {
  it('does not get items that have waited 4 s, because WeChat was answered 500 and sends them again', async () => {
    vi.useFakeTimers()
    const { batches, group, items } = slowStore()
    void group.accept('hangs').catch(() => {})
    // All four batches hang.
    for (const item of ['2', '3', '4']) {
      void group.accept(item).catch(() => {})
      await vi.advanceTimersByTimeAsync(1_000)
    }
    const old = expect(group.accept('old')).rejects.toThrow('waited too long')
    await vi.advanceTimersByTimeAsync(3_999)
    const young = group.accept('young')
    await vi.advanceTimersByTimeAsync(1)
    batches[0]?.end()
    await old
    await vi.advanceTimersByTimeAsync(0)
    expect(items().at(-1)).toEqual(['young'])
    batches.at(-1)?.end()
    expect(await young).toBe('young!')
  })

  it('delays the next batch by one second at most, and has at most four batches', async () => {
    vi.useFakeTimers()
    const { group, items } = slowStore()
    for (let second = 0; second < 6; second++) {
      void group.accept(String(second)).catch(() => {})
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(items()).toEqual([['0'], ['1'], ['2'], ['3']])
  })
})
