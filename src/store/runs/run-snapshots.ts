import type { RunState } from '../../run/state.ts'
import type { runs } from '../schema.ts'
import { isRefusedData } from '../store-error.ts'

export interface Snapshot {
  state: RunState
  /** Temporal's run id; null: the row keeps its own. */
  runId: string | null
}

/**
 * How much of a snapshot the store took: all of it, all but texts of people and of WeChat (`reduced`), the columns
 * without the state (`bare`), or nothing.
 */
export type StoredDetail = 'whole' | 'reduced' | 'bare' | 'nothing'

/** The run's warning when its snapshot was reduced. */
export const REDACTION_NOTE = 'the store refused this run as it is: its texts are left out there'

type SnapshotColumns = Pick<
  typeof runs.$inferInsert,
  'revision' | 'status' | 'outcome' | 'endedAt' | 'updatedAt'
> &
  Partial<Pick<typeof runs.$inferInsert, 'state' | 'runId'>>

/** A snapshot's columns in `runs`. */
export function snapshotColumns({ state, runId }: Snapshot, now: number) {
  return {
    state,
    revision: state.revision,
    status: state.status,
    outcome: state.outcome,
    endedAt: state.endedAt,
    updatedAt: now,
    ...(runId === null ? {} : { runId }),
  }
}

/**
 * Writes a snapshot, and of one that the database refuses for good as much as it takes: what happened must not hang on a
 * text. Each try is a statement of its own: not for the inside of a transaction. Rejects when the database does not answer.
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

/** A run's state with numbers, our own words and nothing that anybody said. */
function withoutTexts(state: RunState): RunState {
  const { attributes: _facts, ...rest } = state
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
