import { expect, it } from 'vitest'
import { createBriefCache } from './brief-cache.ts'

function cache() {
  const clock = { ms: 0 }
  const reads: { answer(value: string): void; fail(err: Error): void }[] = []
  const made = createBriefCache(
    () => new Promise<string>((answer, fail) => reads.push({ answer, fail })),
    500,
    () => clock.ms,
  )
  return { ...made, clock, reads }
}

it('reads once for all concurrent callers, and again only when the value has expired', async () => {
  const { get, clock, reads } = cache()
  const concurrent = [get(), get()]
  clock.ms = 2_000
  concurrent.push(get())
  reads[0]?.answer('first')
  expect(await Promise.all(concurrent)).toEqual(['first', 'first', 'first'])
  clock.ms = 2_499
  expect(await get()).toBe('first')
  expect(reads).toHaveLength(1)
  clock.ms = 2_500
  const later = get()
  reads[1]?.answer('second')
  expect(await later).toBe('second')
})

it('rejects all waiting callers when the read fails, and reads again for the next one', async () => {
  const { get, reads } = cache()
  const concurrent = Promise.allSettled([get(), get()])
  const error = new Error('unavailable')
  reads[0]?.fail(error)
  expect(await concurrent).toMatchObject([{ reason: error }, { reason: error }])
  const retry = get()
  reads[1]?.answer('available')
  expect(await retry).toBe('available')
})

it('reads again after an invalidation, also while a read is in progress', async () => {
  const { get, invalidate, reads } = cache()
  const before = get()
  invalidate()
  const after = get()
  reads[1]?.answer('new')
  reads[0]?.answer('old')
  expect(await Promise.all([before, after])).toEqual(['old', 'new'])
  expect(await get()).toBe('new')
  invalidate()
  void get()
  expect(reads).toHaveLength(3)
})
