import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { PROPERTY_TIMEOUT_MS, propertyRuns } from '../../test/harness/property-runs.ts'
import { forkedFiles } from '../../test/harness/random-campaigns.ts'
import { compileCampaign } from './compile.ts'
import { stepsOf } from './items.ts'
import { campaignSchema } from './model.ts'
import { playWays } from './play-ways.ts'
import { ENTRY_AT } from './preview.ts'
import { quietWarnings } from './quiet-warnings.ts'
import { waysOf } from './ways.ts'

vi.setConfig({ testTimeout: PROPERTY_TIMEOUT_MS })

const WAYS = 6

/** A random campaign file with quiet hours, half of them without local times. */
const files = fc
  .tuple(
    forkedFiles,
    fc.boolean(),
    fc.constantFrom(
      { from: '22:00', to: '08:00' },
      { from: '01:00', to: '05:00' },
      { from: '12:00', to: '13:30' },
    ),
  )
  .map(([file, isTimed, quiet]) => {
    const withQuiet = { ...file, quiet }
    return isTimed
      ? withQuiet
      : JSON.parse(
          JSON.stringify(withQuiet, (key, value) =>
            key === 'at' || key === 'days' || key === 'day' ? undefined : value,
          ),
        )
  })

it('are the same when hours that show nothing else are not played again', () => {
  fc.assert(
    fc.property(files, fc.constantFrom('wechat-2023', 'classic-48h'), (file, rules) => {
      const campaign = campaignSchema.parse(file)
      const plan = compileCampaign(campaign, 1)
      const paths = new Map(stepsOf(campaign).map(({ path, step }) => [step.id, path] as const))
      const context = { campaign, plan, rules, paths, quietOf: null }
      const ways = waysOf(plan, WAYS)
      const all = quietWarnings(context, ways, [])
      expect(quietWarnings(context, ways, playWays(context, ways, ENTRY_AT))).toEqual(all)
    }),
    { numRuns: propertyRuns(100, 20) },
  )
})
