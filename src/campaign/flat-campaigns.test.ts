import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { PROPERTY_RUNS, PROPERTY_TIMEOUT_MS } from '../../test/harness/property-runs.ts'
import type { Plan } from '../run/plan.ts'
import type { Anchor } from '../run/plan-fork.ts'
import type { RulesProfileName } from '../wechat/rules/rules.ts'
import { compileCampaign } from './compile.ts'
import { campaignSchema } from './model.ts'
import { type PreviewEvent, previewCampaign } from './preview.ts'
import { type PlayedEvent, simulateCampaign, type TimelineEntry } from './simulation.ts'

vi.setConfig({ testTimeout: PROPERTY_TIMEOUT_MS })

/** A file without forks means what it meant in 0.3, before there were any. */

interface Recorded {
  file: unknown
  rules: RulesProfileName
  events: PreviewEvent[]
  lines: string[]
}
const RECORDED = JSON.parse(
  readFileSync(new URL('../../test/campaigns/flat-timelines.json', import.meta.url), 'utf8'),
) as Recorded[]

describe('a flat file', () => {
  it('gives the timelines that version 0.3 gave', () => {
    expect(RECORDED.length).toBeGreaterThan(50)
    for (const { file, rules, events, lines } of RECORDED) {
      const campaign = campaignSchema.parse(file)
      const timeline = previewCampaign({ campaign, rules, events })
      const found = timeline.map((l) => [l.at, l.step, l.state, l.grant ?? l.reason ?? ''].join(' ').trim())
      expect(found, JSON.stringify({ file, events })).toEqual(lines)
    }
  })

  it('has a plan without forks, and no state of them', () => {
    for (const { file } of RECORDED) {
      const plan = compileCampaign(campaignSchema.parse(file), 1)
      expect(Object.keys(plan).sort()).toEqual([
        'campaign',
        'exitKeywords',
        'priority',
        'spacingMs',
        'steps',
        'version',
        'windowMs',
      ])
    }
  })
})

/** Seven of them are within the window, as `check` requires. */
const span = fc.constantFrom('0s', '1s', '20s', '57s', '1m', '2m', '10m', '1h', '5h')
const steps = fc.array(
  fc.record({
    after: span,
    since: fc.constantFrom('previous', 'previous', 'entry', 'reply'),
    ifLate: fc.constantFrom('hold', 'skip'),
    when: fc.constantFrom(undefined, undefined, 'replied', 'not-replied'),
    what: fc.constantFrom<object[]>({ send: { text: 'x' } }, { send: { text: 'x' } }, { tag: ['t'] }),
  }),
  { minLength: 1, maxLength: 7 },
)
const events: fc.Arbitrary<PlayedEvent[]> = fc.array(
  fc
    .tuple(
      fc.oneof(fc.integer({ min: 0, max: 120_000 }), fc.integer({ min: 0, max: 180_000_000 })),
      fc.constantFrom<'message' | 'click' | 'unfollow' | 'pause' | 'resume' | 'agent'>(
        'message',
        'message',
        'click',
        'pause',
        'resume',
        'agent',
        'unfollow',
      ),
    )
    .map(([atMs, kind]): PlayedEvent => {
      if (kind === 'message') return { atMs, do: kind, text: 'hi' }
      if (kind === 'click') return { atMs, do: kind, key: 'k' }
      if (kind === 'agent') return { atMs, do: kind, open: atMs % 2 === 0 }
      return kind === 'unfollow' ? { atMs, do: kind } : { atMs, do: 'pause', paused: kind === 'pause' }
    }),
  { maxLength: 6 },
)

/** The same plan in the form that files with forks have: with references to steps instead of `previous`. */
function withReferences(plan: Plan): Plan {
  const anchorOf = (since: Anchor, i: number): Anchor => {
    if (since !== 'previous') return since
    return i === 0 ? 'entry' : { step: i - 1 }
  }
  return { ...plan, forks: [], steps: plan.steps.map((s, i) => ({ ...s, since: anchorOf(s.since, i) })) }
}

describe('the form of a plan with forks', () => {
  it('means the same for a flat file', () => {
    fc.assert(
      fc.property(
        steps,
        events,
        fc.constantFrom<RulesProfileName[]>('wechat-2023', 'classic-48h'),
        (list, played, rules) => {
          const file = {
            id: 'a',
            name: 'A',
            entry: { event: 'subscribe' },
            steps: list.map(({ what, when, ...s }, i) => ({
              id: `s${i}`,
              ...s,
              ...(when && { when }),
              ...what,
            })),
          }
          const plan = compileCampaign(campaignSchema.parse(file), 1)
          const input = { rules, entryAt: 0, entry: { event: 'subscribe' as const }, events: played }
          const play = (one: Plan): readonly TimelineEntry[] => simulateCampaign({ ...input, plan: one })
          const lines = play(plan)
          const outcome = lines.flatMap((l) => (l.line === 'end' ? [l.outcome] : []))[0] ?? null
          // Only a plan without forks says of a step that it waited for a reply.
          const expected = lines.map((l) =>
            l.line === 'step' && l.reason === 'no-reply' ? { ...l, reason: outcome } : l,
          )
          expect(play(withReferences(plan))).toEqual(expected)
        },
      ),
      { numRuns: PROPERTY_RUNS },
    )
  })
})
