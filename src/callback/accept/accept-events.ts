import type { Db } from '../../store/db.ts'
import {
  type Accepted,
  acceptCallbacks,
  type InboxRow,
  type NewInboxRow,
  withdrawReplies,
} from '../../store/inbox/inbox-rows.ts'
import { followerId, type KnownFollower, readKnownFollowers } from '../../store/inbox/known-followers.ts'
import {
  type ArrivingEvent,
  hasEntryReply,
  isRivalEntry,
  UNDISPATCHED_COLUMNS,
  willStartRun,
} from './reply-eligibility.ts'

type Result = Accepted | Error

interface AcceptDeps {
  db: Db
  isExitText(appId: string, text: string): boolean
  isOnlyWriter: boolean
}

/**
 * Stores a batch of events, each with its passive reply. The reply of an entry is stored only when the entry will start a run.
 * For events with such a reply, one statement before the insert reads their followers.
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
    const stored = this.#lastStored.then(() => this.#store(rows))
    this.#lastStored = stored.catch(() => {})
    return stored
  }

  async #store(rows: ArrivingEvent[]): Promise<Result[]> {
    const { db } = this.#deps
    const entryRows = rows.filter(hasEntryReply)
    if (entryRows.length === 0) return acceptCallbacks(db, rows.map(toInboxRow))
    const known = await readKnownFollowers(db, entryRows)
    return acceptCallbacks(db, this.#withDueReplies(rows, known).map(toInboxRow))
  }

  async #storeAndCheck(rows: ArrivingEvent[]): Promise<Result[]> {
    const results = await this.#store(rows)
    const granted = rows.filter((row, i) => hasEntryReply(row) && isGranted(results[i]))
    if (granted.length === 0) return results
    const withdrawn = await this.#withdrawOvertaken(granted, new Set(rows.map((r) => r.dedupeKey)))
    return results.map((result, i) =>
      withdrawn.has(rows[i]?.dedupeKey ?? '') && isGranted(result) ? { ...result, reply: null } : result,
    )
  }

  /** The rows, each reply that is not due removed. Earlier entries of the same batch count as pending. */
  #withDueReplies(rows: ArrivingEvent[], known: ReadonlyMap<string, KnownFollower>): ArrivingEvent[] {
    const earlierByFollower = new Map<string, ArrivingEvent[]>()
    return rows.map((row) => {
      const before = earlierByFollower.get(followerId(row)) ?? []
      earlierByFollower.set(followerId(row), [...before, row])
      if (!hasEntryReply(row)) return row
      const { pending = [], follower = null, runs = [] } = known.get(followerId(row)) ?? {}
      const waiting = [...pending, ...before.map(asPendingRow)].filter(
        (other) => other.dedupeKey !== row.dedupeKey,
      )
      const due = willStartRun(row, { follower, runs, pending: waiting }, this.#exitTestFor(row))
      return due ? row : { ...row, reply: null }
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
        !willStartRun(row, { ...current, pending: withoutEntries }, this.#exitTestFor(row))
      )
    })
    if (overtaken.length > 0)
      await withdrawReplies(
        this.#deps.db,
        overtaken.map((row) => row.dedupeKey),
      )
    return new Set(overtaken.map((row) => row.dedupeKey))
  }

  #exitTestFor({ appId }: ArrivingEvent): (text: string) => boolean {
    return (text) => this.#deps.isExitText(appId, text)
  }
}

/** The columns of the inbox row. */
function toInboxRow({ entry: _, ...row }: ArrivingEvent): NewInboxRow {
  return row
}

function isGranted(result: Result | undefined): result is Extract<Accepted, { fresh: true }> {
  return result !== undefined && !(result instanceof Error) && result.fresh && result.reply !== null
}

function asPendingRow(row: ArrivingEvent, i: number): InboxRow {
  return { ...UNDISPATCHED_COLUMNS, ...row, id: Number.MAX_SAFE_INTEGER - 1_000_000 + i }
}
