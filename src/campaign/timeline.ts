import { formatDuration } from './duration.ts'
import type { PlayedEvent, TimelineEntry } from './simulation.ts'

/** Off the follower's way, which the line of the fork says. */
const OFF_THE_WAY: ReadonlySet<string | null> = new Set(['other-branch', 'wait-over'])
const STEP_MARKS: Readonly<Record<string, string>> = { sent: '●', held: '‖', skipped: '○', unknown: '?' }

/**
 * A timeline as text: `11-23 10:00:20  +20s        ● hint sent`. ▶ entry, ☎ what the follower or another system does, ↩ the passive reply to it, ◇ a fork
 * is decided, ● sent or done, ‖ held, ○ skipped, ■ outcome.
 * @param localTime formats a time in the account's time zone, as `MM-DD hh:mm:ss`
 */
export function timelineText(
  lines: readonly TimelineEntry[],
  entryAt: number,
  localTime: (at: number) => string,
): string[] {
  const end = lines.find((entry) => entry.line === 'end')
  return lines.flatMap((entry) => {
    const text = textOf(entry, end?.line === 'end' ? end.outcome : null)
    const since = `+${formatDuration(entry.at - entryAt)}`
    return text === null ? [] : [`${localTime(entry.at)}  ${since.padEnd(12)}${text}`]
  })
}

function textOf(entry: TimelineEntry, outcome: string | null): string | null {
  switch (entry.line) {
    case 'entry': {
      const { event, text, qrScene, eventKey } = entry.entry
      return ['▶', event, text === null ? (qrScene ?? eventKey) : `“${text}”`].filter(Boolean).join(' ')
    }
    case 'event':
      return `☎ ${eventText(entry.event)}`
    case 'reply':
      return `↩ ${entry.reply} ${entry.kind}${entry.text === '' ? '' : ` “${entry.text}”`}`
    case 'fork':
      return `◇ ${entry.fork} → ${entry.branch}`
    case 'step': {
      const { step, state, reason } = entry
      const isHidden = OFF_THE_WAY.has(reason) || (state === 'skipped' && reason === outcome)
      if (isHidden || !STEP_MARKS[state]) return null
      return `${STEP_MARKS[state]} ${step} ${state}${reason === null ? '' : ` (${reason})`}`
    }
    case 'end':
      return `■ ${entry.outcome}${entry.left.length > 0 ? ` (left: ${entry.left.join(', ')})` : ''}`
    default:
      return entry satisfies never
  }
}

function eventText(event: PlayedEvent): string {
  switch (event.do) {
    case 'message':
      return ['message', event.text].filter(Boolean).join(' ')
    case 'click':
      return ['click', event.key].filter(Boolean).join(' ')
    case 'scan':
      return ['scan', event.scene].filter(Boolean).join(' ')
    case 'facts':
      return `fact ${Object.entries(event.facts)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ')}`
    case 'tags':
      return `tag ${event.tags.join(' ')}`
    case 'link':
      return `link ${event.link}`
    case 'agent':
      return `agent ${event.open ? 'open' : 'close'}`
    case 'pause':
      return event.paused ? 'pause' : 'resume'
    case 'unfollow':
      return 'unfollow'
    default:
      return event satisfies never
  }
}
