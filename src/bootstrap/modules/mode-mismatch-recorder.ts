import { clearModeMismatch, recordModeMismatch } from '../../store/accounts/mode-mismatch.ts'
import type { Db } from '../../store/db.ts'
import type { ReceivedMode } from '../../wechat/callback/envelope.ts'

const RECORD_INTERVAL_MS = 60_000

/**
 * Records in the store, for `account verify`, that the last callback had another mode than its account. A callback of the
 * right mode clears the record. Writes at most once a minute for each account.
 */
export function createModeMismatchRecorder(deps: { db: Db; now(): number }) {
  const { db, now } = deps
  /** The last record of each account: the wrong mode, or null for the right one. */
  const lastRecorded = new Map<string, { received: ReceivedMode | null; at: number }>()

  return function record(appId: string, received: ReceivedMode | null): void {
    const last = lastRecorded.get(appId)
    const at = now()
    if (last?.received === received && at - last.at < RECORD_INTERVAL_MS) return
    lastRecorded.set(appId, { received, at })
    const write = received ? recordModeMismatch(db, appId, { received, at }) : clearModeMismatch(db, appId)
    write.catch(() => lastRecorded.delete(appId))
  }
}
