import { describe, expect, inject, it } from 'vitest'
import { runChaos } from '../chaos/run-chaos.ts'

/** Short, so that it belongs to every run of the tests; `npm run chaos -- --minutes N` is the long one. */
const FAULTS_FOR_MS = 30_000
const SEED = 20_261_124

describe.skipIf(!inject('temporalAddress'))(
  'half a minute of killed processes, a full disk and a bad WeChat',
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
