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

it('is read once for all who ask meanwhile and for as long as it is believed', async () => {
  const { get, clock, reads } = cache()
  const asked = [get(), get()]
  clock.ms = 2_000
  asked.push(get())
  reads[0]?.answer('first')
  expect(await Promise.all(asked)).toEqual(['first', 'first', 'first'])
  clock.ms = 2_499
  expect(await get()).toBe('first')
  expect(reads).toHaveLength(1)
  clock.ms = 2_500
  const later = get()
  reads[1]?.answer('second')
  expect(await later).toBe('second')
})

it('is read anew after it failed, for all who wait', async () => {
  const { get, reads } = cache()
  const asked = Promise.allSettled([get(), get()])
  const trouble = new Error('away')
  reads[0]?.fail(trouble)
  expect(await asked).toMatchObject([{ reason: trouble }, { reason: trouble }])
  const again = get()
  reads[1]?.answer('back')
  expect(await again).toBe('back')
})

it('is read anew by who asks after a write, also while it is read', async () => {
  const { get, forget, reads } = cache()
  const before = get()
  forget()
  const after = get()
  reads[1]?.answer('new')
  reads[0]?.answer('old')
  expect(await Promise.all([before, after])).toEqual(['old', 'new'])
  expect(await get()).toBe('new')
  forget()
  void get()
  expect(reads).toHaveLength(3)
})
