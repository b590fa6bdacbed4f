import { forgetOtherMode, noteOtherMode } from '../store/callback-mode.ts'
import type { Db } from '../store/db.ts'
import type { ArrivedMode } from '../wechat/envelope.ts'

const NOTED_EVERY_MS = 60_000

/**
 * Keeps in the store, for `account verify` in any process, which mode the last push had where it was not the account's,
 * until one of the right mode comes. Once a minute and account at most.
 */
export function createCallbackModes(deps: { db: Db; now(): number }) {
  const { db, now } = deps
  /** The last thing noted of an account: the other mode, or null for the right one. */
  const noted = new Map<string, { arrived: ArrivedMode | null; at: number }>()

  return function note(appId: string, arrived: ArrivedMode | null): void {
    const last = noted.get(appId)
    const at = now()
    if (last?.arrived === arrived && at - last.at < NOTED_EVERY_MS) return
    noted.set(appId, { arrived, at })
    const written = arrived ? noteOtherMode(db, appId, { arrived, at }) : forgetOtherMode(db, appId)
    written.catch(() => noted.delete(appId))
  }
}
