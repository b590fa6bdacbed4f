import { z } from 'zod'
import type { EventName } from '../run/event-matcher.ts'
import { DAY_MS, MINUTE_MS } from '../shared/time-units.ts'
import { described, EVENT_HELP } from './field-help.ts'
import { duration, factTests, onAnyMap, tagNames, words } from './field-model.ts'
import { alternatives } from './issue.ts'

/** The schema of an event in a campaign file. The same filters are used in entries, forks, goals, conditions and answers. */

/** The events of each filter, and the event that a filter alone means. */
const FILTERS = {
  keywords: { of: ['message'], means: 'message' },
  match: { of: ['message'], means: 'message' },
  keys: { of: ['click'], means: 'click' },
  qrScenes: { of: ['subscribe', 'scan'], means: 'scan' },
  tags: { of: ['tag'], means: 'tag' },
  facts: { of: ['fact'], means: 'fact' },
  links: { of: ['link'], means: 'link' },
  before: { of: ['window-closing'], means: 'window-closing' },
} as const satisfies Record<string, { of: readonly EventName[]; means: EventName }>

const ENTRY_EVENTS = ['subscribe', 'scan', 'click', 'message', 'tag', 'api', 'window-closing'] as const
const RUN_EVENTS = ['scan', 'click', 'message', 'tag', 'fact', 'link'] as const
const ANSWERED_EVENTS = ['click', 'message'] as const

const filters = {
  qrScenes: words.optional(),
  keys: words.optional(),
  keywords: words.optional(),
  match: z.enum(['exact', 'prefix', 'contains']).optional(),
  tags: tagNames.optional(),
  links: words.optional(),
  facts: factTests.optional(),
  before: duration.refine((ms) => ms >= 10 * MINUTE_MS && ms <= DAY_MS, 'must be 10m to 24h').optional(),
}

/** Entries accepted these with any event before there were other events. */
const V1_FILTERS: ReadonlySet<string> = new Set(['qrScenes', 'keys', 'keywords'])

/** An event without `event` is the one that its filter means. Filters of other events are errors. */
function eventOf<const Names extends readonly [EventName, ...EventName[]]>(names: Names, isEntry = false) {
  const named = z.strictObject(described(EVENT_HELP, { event: z.enum(names).optional(), ...filters }))
  return named
    .superRefine((given, ctx) => {
      const event = eventNamed(given)
      if (event === undefined)
        ctx.addIssue({
          code: 'custom',
          path: ['event'],
          message: `is missing: write event, or a filter such as ${isEntry ? 'qrScenes' : 'keywords'}`,
          input: given,
        })
      for (const [filter, { of }] of Object.entries(FILTERS))
        if (
          event &&
          !(isEntry && V1_FILTERS.has(filter)) &&
          given[filter as keyof typeof FILTERS] !== undefined &&
          !(of as readonly EventName[]).includes(event)
        )
          ctx.addIssue({
            code: 'custom',
            path: [filter],
            message: `is no filter of ${event}: ${filter} belongs to ${of.join(' and ')}`,
          })
      if (event === 'window-closing' && given.before === undefined)
        ctx.addIssue({
          code: 'custom',
          path: ['before'],
          message: 'is missing: how long before the end, like 2h',
        })
      // An event that is named has its error already.
      if (given.event === undefined && event && !(names as readonly EventName[]).includes(event))
        ctx.addIssue({
          code: 'custom',
          path: ['event'],
          message: `${event} is not possible here: write ${alternatives(names)}`,
        })
    }, onAnyMap)
    .transform((given): FileEvent => ({ ...given, event: eventNamed(given) ?? names[0] }))
}

function eventNamed(
  given: { event?: EventName | undefined } & Record<string, unknown>,
): EventName | undefined {
  if (given.event) return given.event
  const filter = Object.entries(FILTERS).find(([name]) => given[name] !== undefined)
  return filter?.[1].means
}

type Filters = z.output<z.ZodObject<typeof filters>>
/** An event of a campaign file. */
export type FileEvent = Filters & { event: EventName }
/** One event, or a list: any of them. */
export type FileEvents = FileEvent | FileEvent[]

const oneOrList = <S extends z.ZodType>(one: S) =>
  z.union([one, z.array(one).min(1)], { error: 'must be a map of fields, or a list of them' })

export const entryEvents = oneOrList(eventOf(ENTRY_EVENTS, true))
export const runEvents = oneOrList(eventOf(RUN_EVENTS))
export const answeredEvents = oneOrList(eventOf(ANSWERED_EVENTS))

export function eventList(events: FileEvents): readonly FileEvent[] {
  return Array.isArray(events) ? events : [events]
}
