import type { Db } from '../store/db.ts'
import {
  type Accepted,
  acceptCallbacks,
  type InboxRow,
  type NewInboxRow,
  withdrawReplies,
} from '../store/inbox.ts'
import { type KnownFollower, nameOf, readKnownFollowers } from '../store/known-followers.ts'
import { type Arriving, isReplyOfEntry, isRival, UNDISPATCHED, willBegin } from './reply-due.ts'

type Result = Accepted | Error

/**
 * Stores events that came together, each with the passive reply that it gets: a reply of an entry only where a run begins.
 * What is known of the followers is read in one statement before the insert, for those events alone that have such a reply
 * to lose. Where several processes store events, whose reply was granted is looked at once more after it: an entry that
 * another process stored meanwhile is seen by at least one of the two, and that one keeps silent.
 *
 * @param deps.isOnlyWriter no other process stores events (the embedded store): then reading and storing are one step at
 * a time, and the second look is spared
 */
export function createAccept(deps: {
  db: Db
  isExitText(appId: string, text: string): boolean
  isOnlyWriter: boolean
}): (rows: Arriving[]) => Promise<Result[]> {
  const { db, isOnlyWriter } = deps
  let lastStored: Promise<unknown> = Promise.resolve()

  return async function accept(rows) {
    if (!isOnlyWriter) return storeAndCheck(rows)
    const stored = lastStored.then(() => store(rows))
    lastStored = stored.catch(() => {})
    return stored
  }

  async function store(rows: Arriving[]): Promise<Result[]> {
    const wishing = rows.filter(isReplyOfEntry)
    if (wishing.length === 0) return acceptCallbacks(db, rows.map(bare))
    const known = await readKnownFollowers(db, wishing)
    return acceptCallbacks(db, decided(rows, known).map(bare))
  }

  async function storeAndCheck(rows: Arriving[]): Promise<Result[]> {
    const results = await store(rows)
    const granted = rows.filter((row, i) => isReplyOfEntry(row) && isGranted(results[i]))
    if (granted.length === 0) return results
    const silenced = await tooMany(granted, new Set(rows.map((r) => r.key)))
    return results.map((result, i) =>
      silenced.has(rows[i]?.key ?? '') && isGranted(result) ? { ...result, reply: null } : result,
    )
  }

  /** The rows with the replies that are due, one after the other: an entry before it in the batch waits, too. */
  function decided(rows: Arriving[], known: ReadonlyMap<string, KnownFollower>): Arriving[] {
    const here = new Map<string, Arriving[]>()
    return rows.map((row) => {
      const before = here.get(nameOf(row)) ?? []
      here.set(nameOf(row), [...before, row])
      if (!isReplyOfEntry(row)) return row
      const { pending = [], follower = null, runs = [] } = known.get(nameOf(row)) ?? {}
      const waiting = [...pending, ...before.map(asWaiting)].filter((other) => other.key !== row.key)
      const due = willBegin(row, { follower, runs, pending: waiting }, exitOf(row))
      return due ? row : { ...row, reply: null }
    })
  }

  /** Keys of those whose run another entry begins after all; their replies are taken back in the store. */
  async function tooMany(granted: Arriving[], batch: ReadonlySet<string>): Promise<Set<string>> {
    const known = await readKnownFollowers(db, granted)
    const late = granted.filter((row) => {
      const now = known.get(nameOf(row))
      if (!now) return false
      const others = now.pending.filter((other) => !batch.has(other.key))
      const quiet = others.filter((other) => !other.event?.start)
      return others.some((o) => isRival(o, row)) || !willBegin(row, { ...now, pending: quiet }, exitOf(row))
    })
    if (late.length > 0)
      await withdrawReplies(
        db,
        late.map((row) => row.key),
      )
    return new Set(late.map((row) => row.key))
  }

  function exitOf({ appId }: Arriving): (text: string) => boolean {
    return (text) => deps.isExitText(appId, text)
  }
}

/** What the store keeps. */
function bare({ entry: _, ...row }: Arriving): NewInboxRow {
  return row
}

function isGranted(result: Result | undefined): result is Extract<Accepted, { fresh: true }> {
  return result !== undefined && !(result instanceof Error) && result.fresh && result.reply !== null
}

function asWaiting(row: Arriving, i: number): InboxRow {
  return { ...UNDISPATCHED, ...row, id: Number.MAX_SAFE_INTEGER - 1_000_000 + i }
}
