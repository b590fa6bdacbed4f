import type { Plan } from '../run/plan.ts'
import { OTHERWISE } from '../run/plan-fork.ts'
import type { Facts } from '../shared/facts.ts'
import { DAY_MS, HOUR_MS } from '../shared/time-units.ts'
import { addGrant, type Ledger } from '../wechat/rules/ledger.ts'
import { allowanceOf, type RulesProfileName } from '../wechat/rules/rules.ts'
import { entriesOf } from './items.ts'
import type { Campaign } from './model.ts'
import { type PlayedEvent, Simulation, type SimulationInput, type TimelineEntry } from './simulation.ts'
import { ANY_TEXT, eventForBranch, playablePlan, type Way } from './ways.ts'

/** A way through a campaign, and what a follower on it gets. */
export interface PlayedWay {
  way: Way
  timeline: readonly TimelineEntry[]
}

export interface PlayedCampaign {
  campaign: Campaign
  plan: Plan
  rules: RulesProfileName
}

/**
 * Plays the ways of a compiled campaign. Every fork is answered ten seconds after it waits, or not at all.
 * @param hasTyped true when the follower typed just before an entry that opens no messages by itself
 * @param repliedMs when the follower also sends a message that nothing asks for, ms after the entry; null: never
 */
export function playWays(
  { campaign, plan, rules }: PlayedCampaign,
  ways: readonly Way[],
  entryAt: number,
  hasTyped = false,
  repliedMs: number | null = null,
): PlayedWay[] {
  const entry = playedEntry(campaign)
  if (!entry) return []
  const allowance = allowanceOf(rules, 'message')
  const typed = hasTyped && allowance ? addGrant([], 'message', entryAt, allowance) : []
  const ledger = entry.event === 'window-closing' ? closingLedger(campaign, rules, entryAt) : typed
  const known = { own: factTimes(plan, entryAt) }
  const events: PlayedEvent[] = repliedMs === null ? [] : [{ atMs: repliedMs, do: 'message', text: ANY_TEXT }]
  const input = { plan: playablePlan(plan), rules, entryAt, entry, events, ledger, known }
  const played: PlayedWay[] = []
  /** Plays what the ways have in common once. */
  const explore = (simulation: Simulation, open: readonly Way[]): void => {
    const question = simulation.playToQuestion()
    if (!question) {
      const [way] = open
      if (way) played.push({ way, timeline: simulation.timeline })
      return
    }
    const { fork, openedAt } = question
    for (const took of new Set(open.map((way) => way[fork] ?? OTHERWISE))) {
      const event = eventForBranch(plan, fork, took, openedAt - entryAt)
      explore(
        simulation.copyWith(event),
        open.filter((way) => (way[fork] ?? OTHERWISE) === took),
      )
    }
  }
  explore(new Simulation(input), ways)
  return played
}

/** An entry of a campaign, with a text, key or scene that fits; null for a campaign without entry. */
export function playedEntry(campaign: Campaign): SimulationInput['entry'] | null {
  const [entry] = entriesOf(campaign)
  if (!entry) return null
  const { event, keywords, keys, qrScenes } = entry
  const first = (list: readonly string[] | undefined) => list?.[0]?.replace(/\*$/, '') ?? null
  switch (event) {
    case 'message':
      return { event, text: keywords?.[0] ?? null }
    case 'click':
      return { event, eventKey: first(keys) }
    case 'subscribe':
    case 'scan':
      return { event, qrScene: first(qrScenes) }
    case 'tag':
    case 'api':
    case 'window-closing':
      return { event }
    default:
      return null
  }
}

/** What is left of the message grant when the window is about to close: one of its messages was used. */
export function closingLedger(campaign: Campaign, rules: RulesProfileName, entryAt: number): Ledger {
  const before = entriesOf(campaign).find((e) => e.event === 'window-closing')?.before ?? HOUR_MS
  const allowance = allowanceOf(rules, 'message')
  if (!allowance) return []
  const expiresAt = entryAt + before
  const grantedAt = expiresAt - allowance.lifetimeMs
  return [{ scene: 'message', grantedAt, expiresAt, quota: allowance.quota, used: 1 }]
}

/** Facts that name a time: a day after the entry. */
function factTimes(plan: Plan, entryAt: number): Facts {
  const names = [...plan.steps, ...(plan.forks ?? [])].flatMap(({ since }) =>
    typeof since === 'object' && 'fact' in since ? [since.fact] : [],
  )
  return Object.fromEntries(names.map((name) => [name, entryAt + DAY_MS]))
}
