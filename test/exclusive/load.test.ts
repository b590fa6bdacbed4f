import { describe, expect, inject, it } from 'vitest'
import { measureBurst } from '../../bench/load/burst.ts'
import { startTarget } from '../../bench/load/target.ts'

const FOLLOWS = 300

/** A small version of `npm run load -- burst`. It checks what is lost or stored twice, not how long it takes. */
describe.skipIf(!inject('temporalAddress'))(
  'hundreds of follows within a second',
  { timeout: 480_000 },
  () => {
    it('are all stored once, and no follower gets a message twice', async () => {
      const target = await startTarget('pglite', () => {})
      if (!target) throw new Error('the program for npm start is missing')
      const burst = await measureBurst(target, {
        follows: FOLLOWS,
        seconds: 1,
        dispatchedWithinMs: 180_000,
        lenient: true,
      })
      expect(burst).toMatchObject({
        follows: FOLLOWS,
        undelivered: 0,
        lost: 0,
        storedTwice: 0,
        messagesTwice: 0,
        refused: 0,
      })
      expect(burst.stillPending).toBe(0)
      expect(burst.messages + burst.skipped).toBe(FOLLOWS)
      expect(target.stderr()).not.toContain('"level":50')
    })
  },
)
