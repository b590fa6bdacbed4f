import type { Condition } from '../run/condition.ts'
import type { EventMatcher } from '../run/event-matcher.ts'
import { normaliseEntryKeyword } from '../shared/keyword.ts'
import { eventList, type FileEvent, type FileEvents } from './event-model.ts'
import type { FileCondition } from './item-model.ts'

/** The filters of a file's events, with normalised keywords. */
export function compileEvents(events: FileEvents): EventMatcher[] {
  return eventList(events).map(compileEvent)
}

function compileEvent({
  event,
  keywords,
  match,
  keys,
  qrScenes,
  tags,
  links,
  facts,
}: FileEvent): EventMatcher {
  return {
    event,
    ...(keywords ? { keywords: keywords.map(normaliseEntryKeyword) } : {}),
    ...(match === undefined || match === 'exact' ? {} : { match }),
    ...(keys ? { keys } : {}),
    ...(qrScenes ? { qrScenes } : {}),
    ...(tags ? { tags } : {}),
    ...(links ? { links } : {}),
    ...(facts ? { facts } : {}),
  }
}

/** The condition of a file, in the form of a plan. */
export function compileCondition(given: FileCondition | 'replied' | 'not-replied'): Condition {
  if (given === 'replied') return { replied: true }
  if (given === 'not-replied') return { not: { replied: true } }
  const { entry, not, ...rest } = given
  return {
    ...rest,
    ...(entry ? { entry: compileEvents(entry) } : {}),
    ...(not ? { not: compileCondition(not) } : {}),
  }
}
