import { afterEach, describe, expect, it, vi } from 'vitest'
import { createGroupCommit } from './group-commit.ts'

afterEach(() => vi.useRealTimers())

/** A store whose batches end when the test says so. */
function slowStore() {
  const batches: { items: string[]; end(results?: (string | Error)[]): void; fail(err: Error): void }[] = []
  const group = createGroupCommit<string, string>({
    store: (items) =>
      new Promise((resolve, fail) => {
        batches.push({ items, end: (results = items.map((i) => `${i}!`)) => resolve(results), fail })
      }),
    giveUpMs: 4_000,
    now: () => performance.now(),
  })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return { batches, group, settle, items: () => batches.map((b) => b.items) }
}

describe('events that come faster than the store takes them', () => {
  it('the first goes alone and at once; what comes meanwhile goes together, in order', async () => {
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

  it('a batch is bounded: the rest goes with the next', async () => {
    const { batches, group, settle } = slowStore()
    for (let i = 0; i < 2_500; i++) void group.accept(String(i))
    for (const n of [0, 1, 2]) {
      batches[n]?.end()
      await settle()
    }
    expect(batches.map((b) => b.items.length)).toEqual([1, 1_000, 1_000, 499])
    expect(batches.flatMap((b) => b.items)).toEqual(Array.from({ length: 2_500 }, (_, i) => String(i)))
  })

  it('one item at fault fails alone and at once', async () => {
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

describe('a store that takes nothing, as a database that is starting again', () => {
  it('is asked again, with what came meanwhile, in order of arrival', async () => {
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

  it('for 4 s, then the item fails with what the store said last', async () => {
    vi.useFakeTimers()
    const { batches, group } = slowStore()
    const failed = expect(group.accept('first')).rejects.toThrow('still away')
    for (let tries = 0; tries < batches.length; tries++) {
      batches[tries]?.fail(new Error(tries === 0 ? 'away' : 'still away'))
      await vi.advanceTimersByTimeAsync(200)
    }
    await failed
    expect(batches.length).toBe(20)
  })

  it('two batches that failed out of turn go again as one, the oldest first', async () => {
    vi.useFakeTimers()
    const { batches, group, items } = slowStore()
    void group.accept('old').catch(() => {})
    await vi.advanceTimersByTimeAsync(1_000)
    void group.accept('young').catch(() => {})
    batches[1]?.fail(new Error('away'))
    await vi.advanceTimersByTimeAsync(100)
    batches[0]?.fail(new Error('away'))
    await vi.advanceTimersByTimeAsync(200)
    expect(items().at(-1)).toEqual(['old', 'young'])
  })
})

describe('a store that hangs', () => {
  it('what has waited for 4 s is not stored any more: WeChat was answered 500 and sends it again', async () => {
    vi.useFakeTimers()
    const { batches, group, items } = slowStore()
    void group.accept('hangs').catch(() => {})
    // Every lane is taken by a batch that hangs.
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

  it('holds up the next batch for a second and no longer, and takes four batches at most', async () => {
    vi.useFakeTimers()
    const { group, items } = slowStore()
    for (let second = 0; second < 6; second++) {
      void group.accept(String(second)).catch(() => {})
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(items()).toEqual([['0'], ['1'], ['2'], ['3']])
  })
})
