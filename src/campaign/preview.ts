import { needsFollower } from '../run/condition.ts'
import type { EntryName, PlanStep } from '../run/plan.ts'
import type { StepState } from '../run/state.ts'
import { HOUR_MS } from '../shared/time-units.ts'
import type { RulesProfileName, Scene } from '../wechat/rules/rules.ts'
import { compileCampaign } from './compile.ts'
import { formatDuration } from './duration.ts'
import { entriesOf } from './items.ts'
import type { Campaign } from './model.ts'
import { type PlayedEvent, simulateCampaign } from './simulation.ts'

/** An action of the follower, `atMs` after the entry. */
export interface PreviewEvent {
  atMs: number
  do: 'reply' | 'click' | 'scan' | 'unfollow'
}

export interface PreviewLine {
  /** Time since the entry, like `40s`, at which the step was sent, held or skipped. */
  at: string
  atMs: number
  step: string
  state: StepState['state']
  /** The scene of the grant that paid; null when none did. */
  grant: Scene | null
  /** Null for a plain send. `depends-on-follower`: a real run sends the step only if its condition holds. */
  reason: string | null
}

/** A fixed time, so that a preview does not depend on the day: a Monday, at 10:00 in China. */
export const ENTRY_AT = Date.UTC(2026, 10, 23) + 2 * HOUR_MS

/**
 * Simulates a campaign for one follower, with the decisions of real runs and a simulated clock. Shows when each step is sent, held
 * or skipped, and which grant pays. Every send succeeds, and every condition of a step on the follower's attributes holds.
 */
export function previewCampaign(input: {
  campaign: Campaign
  rules: RulesProfileName
  events: readonly PreviewEvent[]
}): PreviewLine[] {
  const compiled = compileCampaign(input.campaign, 1)
  const plan = { ...compiled, steps: compiled.steps.map(withoutAttributes) }
  const conditional = new Set(compiled.steps.filter(hasAttributeCondition).map((s) => s.id))
  const [entry] = entriesOf(input.campaign)
  if (!entry) return []
  const timeline = simulateCampaign({
    plan,
    rules: input.rules,
    entryAt: ENTRY_AT,
    entry: { event: entry.event as EntryName },
    events: input.events.map(playedEvent),
  })
  return timeline.flatMap((line): PreviewLine[] => {
    if (line.line !== 'step') return []
    const atMs = line.at - ENTRY_AT
    const depends = line.state === 'sent' && conditional.has(line.step)
    const { step, state, grant } = line
    const reason = line.reason ?? (depends ? 'depends-on-follower' : null)
    return [{ at: formatDuration(atMs), atMs, step, state, grant, reason }]
  })
}

/** An event of the short options as an event of a simulation. */
export function playedEvent({ atMs, do: what }: PreviewEvent): PlayedEvent {
  switch (what) {
    case 'reply':
      return { atMs, do: 'message', text: null }
    case 'click':
      return { atMs, do: 'click', key: null }
    case 'scan':
      return { atMs, do: 'scan', scene: null }
    case 'unfollow':
      return { atMs, do: 'unfollow' }
    default:
      return what satisfies never
  }
}

/** True for a step with a condition on the follower's attributes. */
function hasAttributeCondition({ when }: PlanStep): boolean {
  return when !== null && typeof when === 'object' && needsFollower(when)
}

/** The step without its conditions on the follower's attributes, which a preview cannot fetch. */
function withoutAttributes(step: PlanStep): PlanStep {
  const { needsAttributes: _, ...rest } = step
  return { ...rest, when: hasAttributeCondition(step) ? null : step.when }
}
