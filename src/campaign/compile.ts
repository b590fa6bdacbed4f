import type { Goal } from '../run/goal.ts'
import type { Plan } from '../run/plan.ts'
import { CHINA_TIMEZONE } from '../shared/beijing-time.ts'
import { normaliseExitKeyword } from '../shared/keyword.ts'
import { MINUTE_MS } from '../shared/time-units.ts'
import { compileEvents } from './compile-events.ts'
import { compileItems, minutesOf } from './compile-items.ts'
import type { Issue } from './issue.ts'
import { messageOfStep, messagesOf, stepsOf } from './items.ts'
import { needsOf } from './message.ts'
import type { Message } from './message-model.ts'
import type { Campaign } from './model.ts'
import { partId } from './part-id.ts'
import { factsOfMessage, newsOf } from './plan-news.ts'
import { zoneOffsets } from './zone-offsets.ts'

/** China has one offset for all times. */
const CHINA = { timezone: CHINA_TIMEZONE, at: 0 }
const SPREAD_MS = 5 * MINUTE_MS

/**
 * The plan that a run of this campaign version is pinned to, with the local times of China: see `planForAccount`.
 * @throws Error for a step that refers to an unknown step or fork, which the check of a file refuses
 */
export function compileCampaign(campaign: Campaign, version: number): Plan {
  const { steps, forks, isFlat } = compileItems(campaign.steps)
  const quiet = typeof campaign.quiet === 'object' ? campaign.quiet : null
  const hasClock = steps.some((s) => s.clock) || forks.some((f) => f.clock)
  const plan: Plan = {
    campaign: campaign.id,
    version,
    steps,
    spacingMs: campaign.spacing,
    windowMs: campaign.window,
    exitKeywords: (campaign.exit?.keywords ?? []).map(normaliseExitKeyword),
    ...(isFlat && !quiet ? {} : { forks }),
    ...(quiet || hasClock
      ? { zone: zoneOffsets(CHINA.timezone, CHINA.at), spreadMs: campaign.spread ?? SPREAD_MS }
      : {}),
    ...(quiet ? { quiet: { from: minutesOf(quiet.from), to: minutesOf(quiet.to) } } : {}),
    priority: campaign.priority,
    ...(campaign.ifBusy === 'replace' ? { replaces: true } : {}),
    ...(campaign.goal ? { goal: compileGoal(campaign.goal) } : {}),
  }
  return { ...plan, ...newsOf(campaign, plan) }
}

function compileGoal({ on, end, value, within }: NonNullable<Campaign['goal']>): Goal {
  return {
    on: compileEvents(on),
    ends: end,
    withinMs: within,
    ...(value === undefined ? {} : { value }),
  }
}

/**
 * The plan of a run that begins now: with the local times of its account, and with the account's quiet hours when the campaign
 * names none.
 * @param at the entry of the run, epoch ms
 */
export function planForAccount(campaign: Campaign, plan: Plan, account: AccountTimes, at: number): Plan {
  const { timezone, quietHours } = account
  const isOwn = campaign.quiet !== undefined || !quietHours
  return inTimezone(isOwn ? plan : withQuiet(campaign, plan, quietHours), timezone, at)
}

/** What a plan takes from the account of its run. */
export interface AccountTimes {
  /** IANA name. */
  timezone: string
  quietHours?: { from: string; to: string } | null
}

function withQuiet(campaign: Campaign, plan: Plan, { from, to }: { from: string; to: string }): Plan {
  return {
    ...plan,
    forks: plan.forks ?? [],
    zone: plan.zone ?? zoneOffsets(CHINA.timezone, CHINA.at),
    spreadMs: plan.spreadMs ?? campaign.spread ?? SPREAD_MS,
    quiet: { from: minutesOf(from), to: minutesOf(to) },
  }
}

/**
 * A plan with the local times of an account.
 * @param timezone IANA name
 * @param at the entry of the run, epoch ms
 */
function inTimezone(plan: Plan, timezone: string, at: number): Plan {
  if (!plan.zone || timezone === CHINA.timezone) return plan
  return { ...plan, zone: zoneOffsets(timezone, at) }
}

/** How often a follower may enter, with times in ms. */
export function reentryOf(campaign: Campaign): 'always' | 'never' | { afterMs: number } {
  return typeof campaign.reentry === 'string' ? campaign.reentry : { afterMs: campaign.reentry.after }
}

/**
 * Whether a run that was compiled with the body `pinned` can send `newer` instead (`?bodies=running`). Its plan prepares only
 * what `pinned` needs.
 */
export function canReplaceBody(pinned: Message, newer: Message): boolean {
  const [had, needs] = [needsOf(pinned), needsOf(newer)]
  return (
    (had.media || !needs.media) &&
    (had.attributes || !needs.attributes) &&
    newFactsOf(pinned, newer).length === 0
  )
}

function newFactsOf(before: Message, after: Message): string[] {
  const known = factsOfMessage(before)
  return factsOfMessage(after).filter((name) => !known.includes(name))
}

/** A warning for each step whose runs in flight keep the earlier body, although the new one was published for them. */
export function bodyWarnings(before: Campaign, after: Campaign): Issue[] {
  return stepsOf(after).flatMap((placed) =>
    messagesOf(placed).flatMap(({ path, message }, i): Issue[] => {
      const earlier = messageOfStep(before, partId(placed.step.id, i))
      if (!earlier || canReplaceBody(earlier, message)) return []
      const [fact] = newFactsOf(earlier, message)
      const isNewMedium = needsOf(message).media && !needsOf(earlier).media
      const what = isNewMedium ? 'a medium' : fact === undefined ? 'follower.…' : `fact.${fact}`
      const text = `the new body needs ${what}, which runs in flight do not prepare: they send the earlier body`
      return [{ path, message: text }]
    }),
  )
}
