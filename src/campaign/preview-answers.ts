import type { FollowerEvent } from '../run/follower-event.ts'
import { createMatcher, type Matcher } from './match.ts'
import { textsOf } from './message.ts'
import { kindOf, type Reply } from './message-model.ts'
import type { Campaign } from './model.ts'
import type { PlayedEvent, TimelineEntry } from './simulation.ts'

/**
 * Adds the replies of `answers` and `exit` to a timeline, after the event that each answers. Events after the end of the run are
 * added if they are answered. Shows texts as in the file, since a preview has no account.
 */
export function withAnswers(
  campaign: Campaign,
  timeline: readonly TimelineEntry[],
  events: readonly PlayedEvent[],
  entryAt: number,
): readonly TimelineEntry[] {
  if (!campaign.answers && !campaign.exit) return timeline
  const replies = new Replies(campaign)
  const played = new Set(timeline.flatMap((line) => (line.line === 'event' ? [line.event] : [])))
  const shown = timeline.flatMap((line) =>
    line.line === 'event' ? [line, ...replies.linesFor(line.event, line.at)] : [line],
  )
  const later = events.filter((event) => !played.has(event)).toSorted((a, b) => a.atMs - b.atMs)
  const added = later.flatMap((event): TimelineEntry[] => {
    const at = entryAt + event.atMs
    const lines = replies.linesFor(event, at)
    return lines.length > 0 || timeline.length === 0 ? [{ at, line: 'event', event }, ...lines] : []
  })
  return [...shown, ...added]
}

/** The replies to the events of one follower, in their order. */
class Replies {
  readonly #campaign: Campaign
  readonly #matcher: Matcher
  readonly #appId: string
  #isOptedOut = false
  #hasAgent = false

  constructor(campaign: Campaign) {
    this.#campaign = campaign
    this.#matcher = createMatcher([{ campaign, version: 1 }])
    this.#appId = campaign.accounts?.[0] ?? ''
  }

  /** The line of the reply to an event; none without a reply. */
  linesFor(played: PlayedEvent, at: number): TimelineEntry[] {
    if (played.do === 'agent') this.#hasAgent = played.open
    if (played.do !== 'message' && played.do !== 'click') return []
    const event = eventOf(played)
    const found = this.#optOutReply(event.text) ?? this.#answer(event)
    return found ? [{ at, line: 'reply', ...found }] : []
  }

  #optOutReply(text: string | null) {
    const { exit } = this.#campaign
    if (!exit || text === null) return null
    if (this.#matcher.isExit(this.#appId, text)) {
      this.#isOptedOut = true
      return exit.reply ? shownReply('exit.reply', exit.reply) : null
    }
    if (!this.#isOptedOut || this.#matcher.resumes(this.#appId, text).length === 0) return null
    this.#isOptedOut = false
    return exit.resumeReply ? shownReply('exit.resumeReply', exit.resumeReply) : null
  }

  #answer(event: FollowerEvent) {
    const { text } = event
    const isAwaited =
      text !== null &&
      (this.#matcher.isAwaited(this.#appId, text) ||
        this.#matcher.isExit(this.#appId, text) ||
        this.#matcher.resumes(this.#appId, text).length > 0)
    const row = this.#matcher.answer(this.#appId, event, {
      handover: event.scene === 'message',
      catchAll: !isAwaited && !this.#hasAgent,
    })
    if (!row) return null
    const path = `answers.${row.index}`
    return row.answer.reply
      ? shownReply(path, row.answer.reply)
      : { reply: path, kind: 'transfer_customer_service', text: '' }
  }
}

function eventOf(played: Extract<PlayedEvent, { do: 'message' | 'click' }>): FollowerEvent {
  return played.do === 'message'
    ? { kind: 'text', scene: 'message', text: played.text, qrScene: null, eventKey: null }
    : { kind: 'click', scene: 'menu', text: null, qrScene: null, eventKey: played.key }
}

function shownReply(path: string, reply: Reply): { reply: string; kind: string; text: string } {
  const [first] = textsOf(reply)
  // One line of the timeline.
  return { reply: path, kind: kindOf(reply), text: (first?.[1] ?? '').replaceAll(/\s*\n\s*/g, ' ⏎ ') }
}
