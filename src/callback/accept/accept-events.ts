import type { OptOutWords } from '../../dispatch/dispatch-context.ts'
import type { Db } from '../../store/db.ts'
import {
  type Accepted,
  acceptCallbacks,
  type InboxRow,
  type NewInboxRow,
  UNDISPATCHED_COLUMNS,
  withdrawReplies,
} from '../../store/inbox/inbox-rows.ts'
import { followerId, type KnownFollower, readKnownFollowers } from '../../store/inbox/known-followers.ts'
import {
  type ArrivingEvent,
  hasEntryReply,
  isReplyOpen,
  isRivalEntry,
  otherReply,
  willStartRun,
} from './reply-eligibility.ts'

type Result = Accepted | Error

/** The stored rows, with their replies, and the result of each. */
interface Stored {
  rows: ArrivingEvent[]
  results: Result[]
}

interface AcceptDeps {
  db: Db
  optOutWords(appId: string): OptOutWords
  isOnlyWriter: boolean
}

/**
 * Stores a batch of events, each with its passive reply. The reply of an entry is stored only when the entry will start a run,
 * and the reply to an opt-out only when the follower opts out. For events with such a reply, one statement before the insert
 * reads their followers.
 *
 * Where several processes store events, each granted reply is checked again after the insert. Of two entries that two processes
 * store at the same time, at least one process sees both, and withdraws its reply.
 *
 * @param deps.isOnlyWriter true when no other process stores events (the embedded store). Batches are then stored one after the
 * other, without the second check
 */
export function createAcceptEvents(deps: AcceptDeps): (rows: ArrivingEvent[]) => Promise<Result[]> {
  const acceptance = new EventAcceptance(deps)
  return (rows) => acceptance.accept(rows)
}

class EventAcceptance {
  readonly #deps: AcceptDeps
  #lastStored: Promise<unknown> = Promise.resolve()

  constructor(deps: AcceptDeps) {
    this.#deps = deps
  }

  accept(rows: ArrivingEvent[]): Promise<Result[]> {
    if (!this.#deps.isOnlyWriter) return this.#storeAndCheck(rows)
    const stored = this.#lastStored.then(async () => (await this.#store(rows)).results)
    this.#lastStored = stored.catch(() => {})
    return stored
  }

  async #store(rows: ArrivingEvent[]): Promise<Stored> {
    const { db } = this.#deps
    const open = rows.filter(isReplyOpen)
    const decided = open.length === 0 ? rows : this.#decideReplies(rows, await readKnownFollowers(db, open))
    return { rows: decided, results: await acceptCallbacks(db, decided.map(toInboxRow)) }
  }

  async #storeAndCheck(rows: ArrivingEvent[]): Promise<Result[]> {
    const { results, rows: decided } = await this.#store(rows)
    const granted = decided.filter((row, i) => hasEntryReply(row) && isGranted(results[i]))
    if (granted.length === 0) return results
    const withdrawn = await this.#withdrawOvertaken(granted, new Set(rows.map((r) => r.dedupeKey)))
    return results.map((result, i) =>
      withdrawn.has(rows[i]?.dedupeKey ?? '') && isGranted(result) ? { ...result, reply: null } : result,
    )
  }

  /**
   * The rows, each with the reply that is due. Only a row whose entry starts a run keeps `entry`. Earlier entries of the same
   * batch count as pending.
   */
  #decideReplies(rows: ArrivingEvent[], known: ReadonlyMap<string, KnownFollower>): ArrivingEvent[] {
    const earlierByFollower = new Map<string, ArrivingEvent[]>()
    return rows.map((row) => {
      const before = earlierByFollower.get(followerId(row)) ?? []
      earlierByFollower.set(followerId(row), [...before, row])
      if (!isReplyOpen(row)) return row
      const { pending = [], follower = null, runs = [], entries = {} } = known.get(followerId(row)) ?? {}
      const waiting = [...pending, ...before.map(asPendingRow)].filter(
        (other) => other.dedupeKey !== row.dedupeKey,
      )
      const words = this.#deps.optOutWords(row.appId)
      const current = { follower, runs, entries, pending: waiting }
      if (hasEntryReply(row) && willStartRun(row, current, words)) return row
      return { ...row, ...otherReply(row, current, words), entry: null }
    })
  }

  /** Withdraws the replies of entries whose run another entry starts. @returns their keys */
  async #withdrawOvertaken(grantedRows: ArrivingEvent[], batch: ReadonlySet<string>): Promise<Set<string>> {
    const known = await readKnownFollowers(this.#deps.db, grantedRows)
    const overtaken = grantedRows.filter((row) => {
      const current = known.get(followerId(row))
      if (!current) return false
      const others = current.pending.filter((other) => !batch.has(other.dedupeKey))
      const withoutEntries = others.filter((other) => !other.event?.start)
      return (
        others.some((o) => isRivalEntry(o, row)) ||
        !willStartRun(row, { ...current, pending: withoutEntries }, this.#deps.optOutWords(row.appId))
      )
    })
    if (overtaken.length > 0)
      await withdrawReplies(
        this.#deps.db,
        overtaken.map((row) => row.dedupeKey),
      )
    return new Set(overtaken.map((row) => row.dedupeKey))
  }
}

/** The columns of the inbox row. */
function toInboxRow({ entry: _, otherwise: __, answeredDay, ...row }: ArrivingEvent): NewInboxRow {
  return row.answered && answeredDay ? { ...row, answeredDay } : row
}

function isGranted(result: Result | undefined): result is Extract<Accepted, { fresh: true }> {
  return result !== undefined && !(result instanceof Error) && result.fresh && result.reply !== null
}

function asPendingRow(row: ArrivingEvent, i: number): InboxRow {
  return { ...UNDISPATCHED_COLUMNS, ...row, id: Number.MAX_SAFE_INTEGER - 1_000_000 + i }
}
