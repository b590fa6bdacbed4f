import type { RunState } from '../../run/state.ts'
import type { TemplateVariables } from './template.ts'

const DAY_MS = 86_400_000

/** What a step's template may use, for a run at `now` (the follower's clock). */
export function templateVariables(
  state: Pick<RunState, 'entry' | 'reply' | 'attributes'>,
  account: { appId: string; name: string; timezone: string; variables: Readonly<Record<string, string>> },
  now: number,
): TemplateVariables {
  const { entry, reply, attributes: facts } = state
  const days = (since: number | undefined) =>
    since === undefined ? 0 : Math.max(0, Math.floor((now - since) / DAY_MS))
  return {
    account: { ...account.variables, name: account.name, appId: account.appId },
    qrScene: entry.qrScene ?? '',
    entry: { at: localTime(entry.at, account.timezone), event: entry.event, key: entry.eventKey ?? '' },
    reply: { text: reply?.text ?? '' },
    follower: { tags: facts?.tags.join('、') ?? '', subscribeScene: facts?.subscribeScene ?? '' },
    daysSinceEntry: days(entry.at),
    daysSinceReply: days(reply?.at),
  }
}

/** `2026-01-01T08:00:00`: the zone's wall clock, which is what a follower reads. */
function localTime(at: number, timeZone: string): string {
  return formatterFor(timeZone).format(at).replace(' ', 'T')
}

/** Made once for each zone: making one costs more than all the rest of a callback. */
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone)
  if (known) return known
  const formatter = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  formatters.set(timeZone, formatter)
  return formatter
}
