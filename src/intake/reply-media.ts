import type { MediaRef } from '../campaign/message.ts'
import type { Log } from '../log.ts'
import { uploadMissing } from '../media/upload.ts'
import type { Db } from '../store/db.ts'
import { uploadRows } from '../store/media-uploads.ts'
import type { WechatClient } from '../wechat/client.ts'
import type { TokenKeeper } from '../wechat/tokens.ts'

/**
 * Media of passive replies: a callback must be answered at once, so they are uploaded ahead, and their media_ids are
 * kept in memory.
 */
export function createReplyMedia(deps: {
  db: Db
  tokens: TokenKeeper
  now: () => number
  clientOf(account: { apiBase: string | null }): WechatClient
  log: Log
}) {
  const known = new Map<string, string>()
  const key = (appId: string, type: string, id: string) => `${appId} ${type} ${id}`
  return {
    mediaId: (appId: string, type: string, id: string): string | null =>
      known.get(key(appId, type, id)) ?? null,
    /** Brings the media of all replies to all accounts; what fails is tried again with the next call. */
    async prepare(
      accounts: readonly { appId: string; apiBase: string | null }[],
      refs: readonly MediaRef[],
    ): Promise<void> {
      if (refs.length === 0) return
      for (const account of accounts) {
        const at = { appId: account.appId, client: deps.clientOf(account) }
        const outcome = await uploadMissing(deps, at, refs)
        if (!outcome.ok)
          deps.log.warn({ appId: account.appId, reason: outcome.reason }, 'reply media not at WeChat')
        const rows = await uploadRows(deps.db, account.appId, refs)
        for (const r of rows) known.set(key(r.appId, r.type, r.mediaId), r.wechatMediaId)
      }
    },
  }
}
