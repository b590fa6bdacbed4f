import { describe, expect, inject, it } from 'vitest'
import { runChaos } from '../chaos/run-chaos.ts'

/** A short chaos run for every test run. `npm run chaos -- --minutes N` runs longer. */
const FAULTS_FOR_MS = 30_000
const SEED = 20_261_124

describe.skipIf(!inject('temporalAddress'))(
  'half a minute of killed processes, a full disk and a faulty WeChat',
  () => {
    it.concurrent.each(['postgres', 'embedded'] as const)(
      'loses nothing and repeats nothing without cause (%s)',
      async (store) => {
        if (store === 'postgres' && !inject('postgresUrl')) return
        const report = await runChaos({ store, seed: SEED, forMs: FAULTS_FOR_MS, perSecond: 0.7 })
        expect(report?.findings).toEqual([])
        expect(report?.counts['messages delivered']).toBeGreaterThan(0)
        expect(Object.keys(report?.faults ?? {}).length).toBeGreaterThan(3)
      },
      600_000,
    )
  },
)
