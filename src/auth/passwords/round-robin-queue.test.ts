import { describe, expect, it } from 'vitest'
import { BusyError, RoundRobinQueue } from './round-robin-queue.ts'

function queueWith(maxQueued: number) {
  const queue = new RoundRobinQueue({ concurrency: 1, maxQueued })
  const started: string[] = []
  const rejected: string[] = []
  const ends: (() => void)[] = []
  const add = (key: string, label = key): void => {
    queue
      .run(key, () => {
        started.push(label)
        return new Promise<void>((resolve) => ends.push(resolve))
      })
      .catch((err: unknown) => {
        expect(err).toBeInstanceOf(BusyError)
        rejected.push(label)
      })
  }
  /** Ends every job that is running or queued. */
  const drain = async () => {
    for (;;) {
      const end = ends.shift()
      if (!end) return
      end()
      await new Promise(setImmediate)
    }
  }
  return { add, started, rejected, drain, queue }
}

describe('a round-robin queue', () => {
  it('serves keys in turn, however many jobs one of them has queued', async () => {
    const { add, started, drain } = queueWith(10)
    for (let i = 0; i < 5; i++) add('busy', `busy-${i}`)
    add('one')
    add('two')
    await drain()
    expect(started).toEqual(['busy-0', 'busy-1', 'one', 'two', 'busy-2', 'busy-3', 'busy-4'])
  })

  it('when full, evicts the latest job of the longest key for a shorter one, and rejects others', async () => {
    const { add, started, rejected, drain } = queueWith(3)
    add('running')
    for (let i = 0; i < 5; i++) add('busy', `busy-${i}`)
    add('one')
    add('two')
    // Each key has one job now: none is evicted for another.
    add('three')
    await drain()
    expect(started).toEqual(['running', 'busy-0', 'one', 'two'])
    expect(rejected.sort()).toEqual(['busy-1', 'busy-2', 'busy-3', 'busy-4', 'three'])
  })

  it('continues after a job that failed', async () => {
    const { queue } = queueWith(1)
    const failed = queue.run('one', () => Promise.reject(new Error('broken')))
    const after = queue.run('one', async () => 'done')
    await expect(failed).rejects.toThrow('broken')
    expect(await after).toBe('done')
  })
})
