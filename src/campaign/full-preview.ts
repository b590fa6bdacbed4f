import type { Plan } from '../run/plan.ts'
import type { FactValue } from '../shared/facts.ts'
import type { RulesProfileName, Scene } from '../wechat/rules/rules.ts'
import { compileCampaign } from './compile.ts'
import type { Campaign } from './model.ts'
import { closingLedger, playedEntry, playWays } from './play-ways.ts'
import { withAnswers } from './preview-answers.ts'
import { type PlayedEvent, simulateCampaign, type TimelineEntry } from './simulation.ts'
import { wayName, waysOf } from './ways.ts'

export interface FullPreviewInput {
  campaign: Campaign
  rules: RulesProfileName
  /** Epoch ms. */
  entryAt: number
  events: readonly PlayedEvent[]
  /** The follower's tags at WeChat. */
  tags?: readonly string[]
  /** The QR code's scene of the entry. */
  qrScene?: string
  /** Stands for the follower, in shares and in the spread of local times. */
  seed?: number
  facts?: Readonly<Record<string, FactValue>>
}

/**
 * Simulates a campaign with forks for one follower: the entry, what happens, which branches are taken, and each step. Every
 * send succeeds. The timeline of a campaign that only answers has the events and their answers.
 */
export function playCampaign(input: FullPreviewInput): readonly TimelineEntry[] {
  const { campaign, rules, entryAt, events, tags = [], qrScene, seed = 0, facts = {} } = input
  const entry = playedEntry(campaign)
  if (!entry) return withAnswers(campaign, [], events, entryAt)
  const ledger = entry.event === 'window-closing' ? closingLedger(campaign, rules, entryAt) : []
  const timeline = simulateCampaign({
    plan: compileCampaign(campaign, 1),
    rules,
    entryAt,
    entry: { ...entry, ...(qrScene === undefined ? {} : { qrScene }) },
    events,
    ledger,
    follower: { tags, qrScene: qrScene ?? '' },
    known: { seed, own: facts },
  })
  return withAnswers(campaign, timeline, events, entryAt)
}

/** A way through a campaign, what it costs and how it ends. */
export interface WaySummary {
  /** `ask → 领取, test → 直接`; empty for a campaign without forks. */
  way: string
  steps: string[]
  /** Messages by the grant that pays for them. */
  messages: Partial<Record<Scene, number>>
  outcome: string
}

/** Every way through a campaign; with more than 1,000 ways, few that take every branch. */
export function previewWays(campaign: Campaign, rules: RulesProfileName, entryAt: number): WaySummary[] {
  const plan: Plan = compileCampaign(campaign, 1)
  return playWays({ campaign, plan, rules }, waysOf(plan), entryAt).map(({ way, timeline }) => {
    const messages: Partial<Record<Scene, number>> = {}
    const steps: string[] = []
    let outcome = ''
    for (const line of timeline) {
      if (line.line === 'end') outcome = line.outcome
      if (line.line !== 'step' || line.state !== 'sent') continue
      steps.push(line.step)
      if (line.grant) messages[line.grant] = (messages[line.grant] ?? 0) + 1
    }
    return { way: wayName(plan, way), steps, messages, outcome }
  })
}
