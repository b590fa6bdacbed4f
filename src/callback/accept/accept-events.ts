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

/**
 * Stores events that came together, each with the passive reply that it gets: an entry's reply only where a run begins.
 * The followers are read in one statement before the insert, only for events with such a reply. Where several processes
 * store events, each granted reply is checked once more after the insert: an entry that another process stored meanwhile is
 * visible to at least one of the two, and that one withdraws its reply.
 *
 * @param deps.isOnlyWriter no other process stores events (the embedded store): then reading and storing happen one batch at a
 * time, and the second check is not needed
 */
export function createAcceptEvents(deps: {
  db: Db
  isExitText(appId: string, text: string): boolean
  isOnlyWriter: boolean
}): (rows: ArrivingEvent[]) => Promise<Result[]> {
  const { db, isOnlyWriter } = deps
  let lastStored: Promise<unknown> = Promise.resolve()

  return async function accept(rows) {
    if (!isOnlyWriter) return storeAndCheck(rows)
    const stored = lastStored.then(() => store(rows))
    lastStored = stored.catch(() => {})
    return stored
  }

  async function store(rows: ArrivingEvent[]): Promise<Result[]> {
    const entryRows = rows.filter(hasEntryReply)
    if (entryRows.length === 0) return acceptCallbacks(db, rows.map(toInboxRow))
    const known = await readKnownFollowers(db, entryRows)
    return acceptCallbacks(db, withDueReplies(rows, known).map(toInboxRow))
  }

  async function storeAndCheck(rows: ArrivingEvent[]): Promise<Result[]> {
    const results = await store(rows)
    const granted = rows.filter((row, i) => hasEntryReply(row) && isGranted(results[i]))
    if (granted.length === 0) return results
    const withdrawn = await withdrawOvertaken(granted, new Set(rows.map((r) => r.dedupeKey)))
    return results.map((result, i) =>
      withdrawn.has(rows[i]?.dedupeKey ?? '') && isGranted(result) ? { ...result, reply: null } : result,
    )
  }

  /** The rows with the replies that are due. Earlier entries of the same batch count as waiting. */
  function withDueReplies(rows: ArrivingEvent[], known: ReadonlyMap<string, KnownFollower>): ArrivingEvent[] {
    const earlierByFollower = new Map<string, ArrivingEvent[]>()
    return rows.map((row) => {
      const before = earlierByFollower.get(followerId(row)) ?? []
      earlierByFollower.set(followerId(row), [...before, row])
      if (!hasEntryReply(row)) return row
      const { pending = [], follower = null, runs = [] } = known.get(followerId(row)) ?? {}
      const waiting = [...pending, ...before.map(asPendingRow)].filter(
        (other) => other.dedupeKey !== row.dedupeKey,
      )
      const due = willStartRun(row, { follower, runs, pending: waiting }, exitTestFor(row))
      return due ? row : { ...row, reply: null }
    })
  }

  /** Withdraws the replies of events whose run another entry begins after all. @returns their keys */
  async function withdrawOvertaken(
    grantedRows: ArrivingEvent[],
    batch: ReadonlySet<string>,
  ): Promise<Set<string>> {
    const known = await readKnownFollowers(db, grantedRows)
    const overtaken = grantedRows.filter((row) => {
      const current = known.get(followerId(row))
      if (!current) return false
      const others = current.pending.filter((other) => !batch.has(other.dedupeKey))
      const withoutEntries = others.filter((other) => !other.event?.start)
      return (
        others.some((o) => isRivalEntry(o, row)) ||
        !willStartRun(row, { ...current, pending: withoutEntries }, exitTestFor(row))
      )
    })
    if (overtaken.length > 0)
      await withdrawReplies(
        db,
        overtaken.map((row) => row.dedupeKey),
      )
    return new Set(overtaken.map((row) => row.dedupeKey))
  }

  function exitTestFor({ appId }: ArrivingEvent): (text: string) => boolean {
    return (text) => deps.isExitText(appId, text)
  }
}

/** What the store stores of it. */
function toInboxRow({ entry: _, ...row }: ArrivingEvent): NewInboxRow {
  return row
}

function isGranted(result: Result | undefined): result is Extract<Accepted, { fresh: true }> {
  return result !== undefined && !(result instanceof Error) && result.fresh && result.reply !== null
}

function asPendingRow(row: ArrivingEvent, i: number): InboxRow {
  return { ...UNDISPATCHED_COLUMNS, ...row, id: Number.MAX_SAFE_INTEGER - 1_000_000 + i }
}
