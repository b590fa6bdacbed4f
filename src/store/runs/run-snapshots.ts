import type { RunState } from '../../run/state.ts'
import { lastDoneAt, reasonsOf, tallyOf } from '../../run/tally.ts'
import type { runs } from '../schema.ts'
import { isRefusedData } from '../store-error.ts'

export interface Snapshot {
  state: RunState
  /** Temporal's run id; null: the row keeps its own. */
  runId: string | null
}

/**
 * How much of a snapshot was stored: all of it, all but texts of followers and of WeChat (`reduced`), the columns without the
 * state (`bare`), or nothing.
 */
export type StoredDetail = 'whole' | 'reduced' | 'bare' | 'nothing'

/** The warning of a run whose snapshot was reduced. */
export const REDACTION_NOTE = 'the database refused the texts of this run; they are not stored'

type SnapshotColumns = Pick<
  typeof runs.$inferInsert,
  'revision' | 'status' | 'outcome' | 'endedAt' | 'updatedAt'
> &
  Partial<
    Pick<
      typeof runs.$inferInsert,
      'state' | 'runId' | 'tally' | 'tallyRevision' | 'lastDoneAt' | 'closesAt' | 'reasons'
    >
  >

/** A snapshot's columns in `runs`. */
export function snapshotColumns({ state, runId }: Snapshot, now: number) {
  return {
    state,
    revision: state.revision,
    status: state.status,
    outcome: state.outcome,
    endedAt: state.endedAt,
    updatedAt: now,
    tally: tallyOf(state),
    tallyRevision: state.revision,
    lastDoneAt: lastDoneAt(state),
    closesAt: state.closesAt,
    reasons: reasonsOf(state),
    ...(runId === null ? {} : { runId }),
  }
}

/**
 * Stores a snapshot, or as much of it as the database accepts: a text that it refuses must not lose the result. Each try is a
 * separate statement, so it must not run in a transaction. Rejects when the database does not answer.
 */
export async function storeSnapshot<T>(
  snapshot: Snapshot,
  now: number,
  write: (columns: SnapshotColumns, state: RunState | null) => Promise<T>,
): Promise<{ stored: StoredDetail; value: T | null }> {
  for (const stored of ['whole', 'reduced', 'bare'] as const) {
    const state = stored === 'whole' ? snapshot.state : withoutTexts(snapshot.state)
    const { state: _refused, ...summary } = snapshotColumns(snapshot, now)
    try {
      const value = await (stored === 'bare' ? write(summary, null) : write({ ...summary, state }, state))
      return { stored, value }
    } catch (err) {
      if (!isRefusedData(err)) throw err
    }
  }
  return { stored: 'nothing', value: null }
}

/** A run's state without texts of followers and of WeChat. */
function withoutTexts(state: RunState): RunState {
  const { attributes: _attributes, own: _facts, answer: _answer, recentEvents: _events, ...rest } = state
  return {
    ...rest,
    reason: ownReason(state.reason),
    entry: { ...state.entry, text: null, qrScene: null, eventKey: null },
    reply: state.reply && { ...state.reply, text: null },
    steps: state.steps.map((s) => ({ ...s, reason: ownReason(s.reason) })),
    stop: state.stop && { ...state.stop, reason: ownReason(state.stop.reason) },
    seenEventKeys: [],
    warnings: [REDACTION_NOTE],
  }
}

function ownReason(reason: string | null): string | null {
  return reason !== null && /^[a-z0-9 ()-]{1,100}$/.test(reason) ? reason : null
}
