import { describe, expect, it } from 'vitest'
import { BEHIND_POLL_MS, DispatchPace } from './pace.ts'

/** A pace with a clock that the test sets. */
function paceWith(backlog: () => Promise<number>) {
  const clock = { now: 0, reads: 0 }
  const read = () => {
    clock.reads += 1
    return backlog()
  }
  const pace = new DispatchPace(read, () => clock.now)
  const spendAll = async () => {
    const room = await pace.room()
    pace.spend(room)
    return room
  }
  return { clock, pace, spendAll }
}

describe('the pace of dispatching', () => {
  it('does not ask Temporal for the first events, and then once for as many', async () => {
    const { clock, spendAll } = paceWith(async () => 0)
    const first = await spendAll()
    expect([first, clock.reads]).toEqual([100, 0])
    expect(await spendAll()).toBe(100)
    expect(clock.reads).toBe(1)
  })

  it('permits fewer events the more runs wait for a worker, but never none', async () => {
    for (const [waiting, room] of [
      [30, 70],
      [99, 4],
      [100, 4],
      [100_000, 4],
    ] as const) {
      const { spendAll } = paceWith(async () => waiting)
      await spendAll()
      expect(await spendAll()).toBe(room)
    }
  })

  it('asks again after a while only, while workers are behind', async () => {
    const { clock, pace, spendAll } = paceWith(async () => 500)
    await spendAll()
    expect(await spendAll()).toBe(4)
    expect(await pace.room()).toBe(0)
    clock.now += BEHIND_POLL_MS - 1
    expect(await pace.room()).toBe(0)
    clock.now += 1
    expect([await pace.room(), clock.reads]).toEqual([4, 2])
  })

  it('does not wait when Temporal gives no number', async () => {
    const { spendAll } = paceWith(() => Promise.reject(new Error('UNAVAILABLE')))
    await spendAll()
    expect(await spendAll()).toBe(100)
  })

  it('keeps the room of events that were not there', async () => {
    const { pace } = paceWith(async () => 500)
    pace.spend(98)
    expect(await pace.room()).toBe(2)
    pace.spend(5)
    expect(await pace.room()).toBe(4)
  })
})
