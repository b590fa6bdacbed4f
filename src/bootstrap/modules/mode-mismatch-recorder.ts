import { clearModeMismatch, recordModeMismatch } from '../../store/accounts/mode-mismatch.ts'
import type { Db } from '../../store/db.ts'
import type { ReceivedMode } from '../../wechat/callback/envelope.ts'

const RECORD_INTERVAL_MS = 60_000

/**
 * Keeps in the store, for `account verify` in any process, which mode the last push had where it was not the account's,
 * until one of the right mode comes. Once a minute and account at most.
 */
export function createModeMismatchRecorder(deps: { db: Db; now(): number }) {
  const { db, now } = deps
  /** The last thing noted of an account: the other mode, or null for the right one. */
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
