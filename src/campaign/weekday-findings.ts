import type { Plan } from '../run/plan.ts'
import { DAY_MS } from '../shared/time-units.ts'
import type { Issue } from './issue.ts'
import { WEEKDAYS } from './item-model.ts'
import { type PlayedCampaign, type PlayedWay, playWays } from './play-ways.ts'
import { ENTRY_AT } from './preview.ts'
import { coveringWays, type Way, workOfWay } from './ways.ts'

/** The day of the week of `ENTRY_AT`, as an index of `WEEKDAYS`. */
const ENTRY_WEEKDAY = 1

/**
 * Entries on the other six days of the week, for a campaign whose steps or forks name days of the week: the window may end
 * before such a day.
 * @param dueOf the ids of the steps that are due in ways that were played
 * @param due the steps that are due for an entry at `ENTRY_AT`
 * @param workMax the most work, as `workOfWay` counts it. With more, no other day is played, and nothing is reported
 */
export function weekdayFindings(
  context: PlayedCampaign & { paths: ReadonlyMap<string, string> },
  ways: readonly Way[],
  options: {
    due: ReadonlySet<string>
    dueOf(played: readonly PlayedWay[]): ReadonlySet<string>
    workMax: number
  },
): { dueOnSomeDay: ReadonlySet<string>; warnings: Issue[] } {
  const { plan, paths } = context
  const named = stepsWithDays(plan)
  if (!usesDays(plan)) return { dueOnSomeDay: options.due, warnings: [] }
  const some = coveringWays(plan, ways)
  if (some.length * workOfWay(plan) * WEEKDAYS.length > options.workMax)
    return { dueOnSomeDay: new Set(paths.keys()), warnings: [] }
  const dueOn = WEEKDAYS.map((_, day) => {
    const later = (day - ENTRY_WEEKDAY + WEEKDAYS.length) % WEEKDAYS.length
    return later === 0 ? options.due : options.dueOf(playWays(context, some, ENTRY_AT + later * DAY_MS))
  })
  const warnings = named.flatMap((step): Issue[] => {
    const missed = WEEKDAYS.filter((_, day) => !dueOn[day]?.has(step))
    const path = paths.get(step)
    if (!path || missed.length === 0 || missed.length === WEEKDAYS.length) return []
    const message = `step ${step}: for entries on ${missed.join(', ')} its day comes after the window ends, and it is not sent`
    return [
      {
        path,
        message,
        rule: 'local-times',
        hint: 'Ask a question before: its answer opens the window again',
      },
    ]
  })
  return { dueOnSomeDay: new Set(dueOn.flatMap((ids) => [...ids])), warnings }
}

function stepsWithDays({ steps }: Plan): string[] {
  return steps.filter(({ clock }) => clock?.days !== undefined).map(({ id }) => id)
}

function usesDays({ steps, forks = [] }: Plan): boolean {
  return [...steps, ...forks].some(({ clock }) => clock?.days !== undefined)
}
