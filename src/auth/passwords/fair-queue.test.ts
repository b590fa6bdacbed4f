import { describe, expect, it } from 'vitest'
import { BusyError, createFairQueue } from './fair-queue.ts'

function laneWith(waitingMax: number) {
  const lane = createFairQueue({ atOnce: 1, waitingMax })
  const begun: string[] = []
  const turnedAway: string[] = []
  const ends: (() => void)[] = []
  const add = (party: string, label = party): void => {
    lane
      .run(party, () => {
        begun.push(label)
        return new Promise<void>((resolve) => ends.push(resolve))
      })
      .catch((err: unknown) => {
        expect(err).toBeInstanceOf(BusyError)
        turnedAway.push(label)
      })
  }
  /** Ends all that is under way or waits. */
  const drain = async () => {
    for (;;) {
      const end = ends.shift()
      if (!end) return
      end()
      await new Promise(setImmediate)
    }
  }
  return { add, begun, turnedAway, drain, lane }
}

describe('a lane for costly work', () => {
  it('gives each party its turn, however much one has waiting', async () => {
    const { add, begun, drain } = laneWith(10)
    for (let i = 0; i < 5; i++) add('crowd', `crowd-${i}`)
    add('one')
    add('two')
    await drain()
    expect(begun).toEqual(['crowd-0', 'crowd-1', 'one', 'two', 'crowd-2', 'crowd-3', 'crowd-4'])
  })

  it('when full, takes the latest of the party with most for one with less, and turns others away', async () => {
    const { add, begun, turnedAway, drain } = laneWith(3)
    add('running')
    for (let i = 0; i < 5; i++) add('crowd', `crowd-${i}`)
    add('one')
    add('two')
    // Everybody has one now: nobody is put before another.
    add('three')
    await drain()
    expect(begun).toEqual(['running', 'crowd-0', 'one', 'two'])
    expect(turnedAway.sort()).toEqual(['crowd-1', 'crowd-2', 'crowd-3', 'crowd-4', 'three'])
  })

  it('goes on after work that failed', async () => {
    const { lane } = laneWith(1)
    const failed = lane.run('one', () => Promise.reject(new Error('broken')))
    const after = lane.run('one', async () => 'done')
    await expect(failed).rejects.toThrow('broken')
    expect(await after).toBe('done')
  })
})
