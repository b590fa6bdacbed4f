import { expect, it } from 'vitest'
import { createBackgroundPace } from './background-pace.ts'

it('rests twice as long as it works, longer beside other work, and never while somebody waits', async () => {
  const rests: number[] = []
  const pace = createBackgroundPace(async (ms) => void rests.push(ms))
  let isAwaited = false
  await pace(
    () => isAwaited,
    async (pause) => {
      await pause(10)
      await pace(
        () => false,
        async (other) => other(5),
      )
      await pause(1)
      isAwaited = true
      await pause(20)
    },
  )
  expect(rests).toEqual([20, 20, 2])
})

it('does not count work that has failed', async () => {
  const rests: number[] = []
  const pace = createBackgroundPace(async (ms) => void rests.push(ms))
  const isAwaited = () => false
  await expect(pace(isAwaited, () => Promise.reject(new Error('test')))).rejects.toThrow('test')
  await pace(isAwaited, (pause) => pause(1))
  expect(rests).toEqual([2])
})
