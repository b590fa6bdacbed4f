import { timeOfFact } from '../../run/fact.ts'
import type { Entry } from '../../run/plan.ts'
import type { RunState } from '../../run/state.ts'
import type { Facts } from '../../shared/facts.ts'
import { DAY_MS } from '../../shared/time-units.ts'
import type { TemplateVariables } from './template.ts'

/**
 * The values of the template variables.
 * @param now epoch ms by WeChat's clock, as the times of the state
 */
export function templateVariables(
  state: Pick<RunState, 'reply' | 'attributes' | 'answer' | 'own'> & {
    entry: Pick<Entry, 'at' | 'event' | 'qrScene' | 'eventKey'>
  },
  account: { appId: string; name: string; timezone: string; variables: Readonly<Record<string, string>> },
  now: number,
): TemplateVariables {
  const { entry, reply, attributes } = state
  const days = (since: number | undefined) =>
    since === undefined ? 0 : Math.max(0, Math.floor((now - since) / DAY_MS))
  return {
    account: { ...account.variables, name: account.name, appId: account.appId },
    qrScene: entry.qrScene ?? '',
    entry: { at: localTime(entry.at, account.timezone), event: entry.event, key: entry.eventKey ?? '' },
    reply: { text: reply?.text ?? '' },
    ...(state.answer === undefined ? {} : { answer: { text: state.answer } }),
    ...(state.own ? { fact: localFacts(state.own, account.timezone) } : {}),
    follower: {
      tags: attributes?.tags.join('、') ?? '',
      subscribeScene: attributes?.subscribeScene ?? '',
    },
    daysSinceEntry: days(entry.at),
    daysSinceReply: days(reply?.at),
  }
}

/** Facts with their times as local times, for the `date` filter. */
function localFacts(facts: Facts, timeZone: string): Facts {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => {
      const at = typeof value === 'string' ? timeOfFact(value) : null
      return [name, at === null ? value : localTime(at, timeZone)]
    }),
  )
}

/** The local time of a time zone, `2026-01-01T08:00:00`. */
function localTime(at: number, timeZone: string): string {
  return formatterFor(timeZone).format(at).replace(' ', 'T')
}

/** One for each time zone: creating a formatter takes longer than the rest of a callback. */
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone)
  if (known) return known
  const formatter = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  formatters.set(timeZone, formatter)
  return formatter
}
