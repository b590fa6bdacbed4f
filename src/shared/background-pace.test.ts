import { expect, it } from 'vitest'
import { createBackgroundPace } from './background-pace.ts'
import { createRequestsInFlight } from './requests-in-flight.ts'

const NO_REQUESTS = { none: async () => {} }
const inBackground = () => false
/** Rests that end when the test says so. */
function heldRests() {
  const rests: { ms: number; end(): void }[] = []
  const rest = (ms: number) => new Promise<void>((end) => void rests.push({ ms, end }))
  return { rests, rest }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

it('rests twice as long as it works, and never while somebody waits', async () => {
  const rests: number[] = []
  let isAwaited = false
  const pace = createBackgroundPace(NO_REQUESTS, async (ms) => void rests.push(ms))
  await pace(
    () => isAwaited,
    async (pause) => {
      await pause(10)
      isAwaited = true
      await pause(20)
    },
  )
  expect(rests.filter((ms) => ms !== 25)).toEqual([20])
})

it('lets works rest in turn', async () => {
  const { rests, rest } = heldRests()
  const pace = createBackgroundPace(NO_REQUESTS, rest)
  const done: string[] = []
  const one = pace(inBackground, (pause) => pause(10)).then(() => done.push('one'))
  const other = pace(inBackground, (pause) => pause(5)).then(() => done.push('other'))
  await settled()
  expect(rests.map(({ ms }) => ms)).toEqual([20])
  rests[0]?.end()
  await one
  await settled()
  expect(rests.map(({ ms }) => ms)).toEqual([20, 25, 10])
  expect(done).toEqual(['one'])
  rests[2]?.end()
  await other
})

it.each(['the request is answered', 'the longest rest is over'])('goes on once %s', async (end) => {
  const { rests, rest } = heldRests()
  const requests = createRequestsInFlight()
  let answer = () => {}
  const request = requests.during(() => new Promise<void>((resolve) => (answer = resolve)))
  const pace = createBackgroundPace(requests, rest)
  let isOver = false
  const work = pace(inBackground, (pause) => pause(10)).then(() => (isOver = true))
  await settled()
  rests[0]?.end()
  await settled()
  expect([rests[1]?.ms, isOver]).toEqual([25, false])
  if (end === 'the request is answered') answer()
  else rests[1]?.end()
  await work
  answer()
  await request
})

it('counts no request that has failed', async () => {
  const requests = createRequestsInFlight()
  await expect(requests.during(() => Promise.reject(new Error('test')))).rejects.toThrow('test')
  await requests.none()
})
