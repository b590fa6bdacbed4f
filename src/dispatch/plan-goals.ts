import type { RunEvent } from '../run/event-matcher.ts'
import { type Goal, goalValue, isWithin, reachesGoal } from '../run/goal.ts'
import { eventOfInteraction } from '../run/interaction-event.ts'
import { correctedTime, type EventStamp, type Interaction, isExitText, isOlder } from '../run/plan.ts'
import { type Facts, mergeFacts } from '../shared/facts.ts'
import type { InboxRequest } from '../store/inbox/inbox-event.ts'
import type { GoalHit } from '../store/runs/goals.ts'
import { clockOffsetOf, type DispatchContext, type KnownRun } from './dispatch-context.ts'

/** An event as goals compare it. */
interface Happened {
  event: RunEvent
  /** The follower's facts after it. */
  facts: Facts
  /** The runs that it concerns. */
  concerns: (run: KnownRun) => boolean
}

/**
 * The runs that reach their goal by an interaction. An exit keyword is no goal.
 * @param interaction in the form that a run receives
 */
export function goalsOfInteraction(
  context: DispatchContext,
  stamp: EventStamp,
  interaction: Interaction,
): GoalHit[] {
  const { text, optsOut } = interaction
  if (optsOut) return []
  const event = eventOfInteraction(interaction, correctedTime(interaction))
  if (!event) return []
  const concerns = ({ status, plan }: KnownRun) =>
    text === null || !(status === 'ended' ? context.words.isExit(text) : isExitText(plan, text))
  return goalsOf(context, stamp, { event, facts: context.follower?.own ?? {}, concerns })
}

/** The runs that reach their goal by facts, tags or the click of a link. */
export function goalsOfRequest(
  context: DispatchContext,
  stamp: EventStamp,
  request: InboxRequest,
): GoalHit[] {
  const { row, follower } = context
  const at = correctedTime({ ...stamp, ...clockOffsetOf(row) })
  const own = follower?.own ?? {}
  switch (request.type) {
    case 'fact': {
      const event: RunEvent = { event: 'fact', at, changed: Object.keys(request.facts) }
      // A step's facts are news for other runs only.
      const concerns = ({ runKey }: KnownRun) => runKey !== request.by
      const facts = mergeFacts(own, request.facts)
      return facts ? goalsOf(context, stamp, { event, facts, concerns }) : []
    }
    case 'tag': {
      const event: RunEvent = { event: 'tag', at, tags: request.tags }
      return goalsOf(context, stamp, { event, facts: own, concerns: () => true })
    }
    case 'link': {
      const event: RunEvent = { event: 'link', at, link: request.name }
      const concerns = ({ runKey }: KnownRun) => runKey === request.runKey
      return goalsOf(context, stamp, { event, facts: own, concerns })
    }
    case 'enter':
    case 'window-closing':
      return []
    default:
      return request satisfies never
  }
}

/**
 * An event counts for at most one run of each campaign: the follower's newest. Whether that run has reached its goal before is
 * not known here: the store counts the first event.
 */
function goalsOf(
  { row, runs }: DispatchContext,
  stamp: EventStamp,
  { event, facts, concerns }: Happened,
): GoalHit[] {
  const judged = new Set<string>()
  return runs.flatMap((run): GoalHit[] => {
    const { runKey, campaign, entry, plan } = run
    // The entry of a run is no event of it, nor of the run before.
    if (runKey === row.dedupeKey || isOlder(stamp, entry) || judged.has(campaign)) return []
    judged.add(campaign)
    const { goal } = plan
    if (!goal || !concerns(run) || !isReached(run, goal, event, facts)) return []
    return [{ runKey, at: event.at, value: goalValue(goal, facts) }]
  })
}

function isReached({ endedAt = null }: KnownRun, goal: Goal, event: RunEvent, facts: Facts): boolean {
  return isWithin(goal, event.at, endedAt) && reachesGoal(goal, event, facts)
}
