import { describe, expect, it } from 'vitest'
import { measurePeers } from '../../bench/peers/index.ts'
import { postgresBin } from '../../scripts/ensure-test-tools.mjs'

const SIZE = { waiting: 20, late: 20, fault: 60 }

/**
 * A small version of `npm run bench -- --only peers`: a design that must lose messages when its process is killed, and one
 * that must not. So the counts of the others can be trusted. It checks no times.
 */
describe.skipIf(postgresBin() === null)(
  'the story of the bench of other designs',
  { timeout: 480_000 },
  () => {
    it('finds what setTimeout loses when its process is killed, and that PostgreSQL polling loses nothing', async () => {
      const lines: string[] = []
      const results = await measurePeers({ peers: ['timeout', 'postgres'], rounds: 1, size: SIZE }, (line) =>
        lines.push(line),
      )
      expect(results.map(({ name, missing, failures }) => ({ name, missing, failures }))).toEqual([
        { name: 'timeout', missing: null, failures: [] },
        { name: 'postgres', missing: null, failures: [] },
      ])
      const [timeout, postgres] = results.map(({ rounds }) => rounds[0])
      const clean = { expected: SIZE.late, missing: 0, twice: 0, cancelledButSent: 0 }
      expect(timeout).toMatchObject({
        waiting: SIZE.waiting,
        quiet: clean,
        disconnected: null,
        diskEach: null,
      })
      expect(timeout?.killed.missing).toBeGreaterThan(0)
      expect(timeout?.killed.missing).toBeLessThanOrEqual(SIZE.fault / 2)
      expect(timeout?.killed.twice).toBe(0)
      expect(postgres).toMatchObject({
        waiting: SIZE.waiting,
        quiet: clean,
        killed: { expected: SIZE.fault, missing: 0 },
        disconnected: { expected: SIZE.fault, missing: 0 },
      })
      expect(lines).toHaveLength(2)
    })
  },
)
