import { expect, it } from 'vitest'
import { createLog } from '../../shared/log.ts'
import { type ShardCalls, watchShard } from './shard-watch.ts'

const log = createLog('silent')

/** Answers each check with the next of `answers`, then with false, and records the number of the check before each close. */
async function closesAfter(answers: readonly (boolean | Error)[]): Promise<number[]> {
  const closedAfter: number[] = []
  let checks = 0
  let allChecked: () => void = () => {}
  const done = new Promise<void>((resolve) => {
    allChecked = resolve
  })
  const calls: ShardCalls = {
    async isUnknown() {
      const answer = answers[checks++]
      if (checks > answers.length) allChecked()
      if (answer instanceof Error) throw answer
      return answer ?? false
    },
    async close() {
      closedAfter.push(checks)
    },
  }
  const watch = watchShard(calls, log, 0)
  await done
  await watch.stop()
  return closedAfter
}

it('a shard that is unknown in two checks in a row is closed, again and again until it is known', async () => {
  expect(await closesAfter([false, true, true, true, false])).toEqual([3, 4])
})

it('a shard that is unknown in one check is not closed, and neither is one of a server that does not answer', async () => {
  expect(await closesAfter([true, false, true, false])).toEqual([])
  expect(await closesAfter([new Error('14 UNAVAILABLE'), new Error('14 UNAVAILABLE')])).toEqual([])
})
