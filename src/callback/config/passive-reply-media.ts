import pMap from 'p-map'
import { repliesOf } from '../../campaign/items.ts'
import { mediaRefs } from '../../campaign/message.ts'
import type { Campaign } from '../../campaign/model.ts'
import { targetAccounts } from '../../campaign/target-accounts.ts'
import { uploadMissing } from '../../media/upload-media.ts'
import type { Log } from '../../shared/log.ts'
import { type Account, canSend } from '../../store/accounts/account.ts'
import { type MediumRef, uploadRows } from '../../store/campaigns/media-uploads.ts'
import type { Db } from '../../store/db.ts'
import type { WechatClient } from '../../wechat/api/client.ts'
import type { TokenProvider } from '../../wechat/api/tokens.ts'
import type { AccountStop } from '../../wechat/api/with-token.ts'

/** Accounts served concurrently, so that one that hangs does not block the others. */
const CONCURRENCY = 8

type MediaAccount = Pick<Account, 'appId' | 'apiBase' | 'state' | 'stateUntil'> &
  Partial<Pick<Account, 'optOut'>>
type LiveCampaign = { campaign: Pick<Campaign, 'accounts' | 'reply' | 'answers' | 'exit'> }

/**
 * The media of passive replies. A callback must be answered immediately, so the media are uploaded in advance and their
 * media_ids are kept in memory.
 */
export function createPassiveReplyMedia(deps: {
  db: Db
  tokens: TokenProvider
  now: () => number
  clientOf(account: { apiBase: string | null }): WechatClient
  log: Log
  /** Stops the account with the errcode of WeChat, as a send does. */
  stop(appId: string, state: AccountStop, errcode: number): Promise<void>
}) {
  const { db, log, now } = deps
  const mediaIds = new Map<string, string>()
  const key = (appId: string, type: string, id: string) => `${appId} ${type} ${id}`

  /** @returns true when the other media of the account may be uploaded */
  async function upload(account: MediaAccount, ref: MediumRef): Promise<boolean> {
    const { appId } = account
    const outcome = await uploadMissing(deps, { appId, client: deps.clientOf(account) }, [ref])
    if (outcome.ok) return true
    const { reason, errcode } = outcome
    log.warn({ appId, reason, errcode }, 'media of a passive reply could not be uploaded')
    if (outcome.is !== 'account-stopped') return true
    await deps.stop(appId, outcome.state, outcome.errcode)
    return false
  }

  async function prepareFor(account: MediaAccount, refs: readonly MediumRef[]): Promise<void> {
    const { appId } = account
    try {
      if (canSend(account, now())) {
        for (const ref of refs) if (!(await upload(account, ref))) break
      }
      for (const r of await uploadRows(db, appId, refs)) {
        mediaIds.set(key(r.appId, r.type, r.mediaId), r.wechatMediaId)
      }
    } catch (err) {
      log.warn({ appId, err }, 'media of a passive reply could not be uploaded')
    }
  }

  return {
    mediaId: (appId: string, type: string, id: string): string | null =>
      mediaIds.get(key(appId, type, id)) ?? null,
    /**
     * Uploads the media of each campaign's replies for the accounts that the campaign serves, and those of the accounts' own. A medium or an account that fails
     * does not block the others, and is retried with the next call.
     */
    async prepare(accounts: readonly MediaAccount[], live: readonly LiveCampaign[]): Promise<void> {
      const refsOf = new Map<MediaAccount, MediumRef[]>()
      for (const { campaign } of live) {
        const refs = repliesOf(campaign).flatMap(({ message }) => mediaRefs(message))
        if (refs.length === 0) continue
        for (const a of targetAccounts(campaign.accounts, accounts))
          refsOf.set(a, [...(refsOf.get(a) ?? []), ...refs])
      }
      for (const account of accounts) {
        const refs = repliesOf({ exit: account.optOut ?? undefined }).flatMap(({ message }) =>
          mediaRefs(message),
        )
        if (refs.length > 0) refsOf.set(account, [...(refsOf.get(account) ?? []), ...refs])
      }
      await pMap(refsOf, ([account, refs]) => prepareFor(account, refs), { concurrency: CONCURRENCY })
    },
  }
}
