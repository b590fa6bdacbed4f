import { type ConfigCache, createConfigCache } from '../../callback/config/config-cache.ts'
import { createPassiveReplyMedia } from '../../callback/config/passive-reply-media.ts'
import type { ServiceContext } from './context.ts'
import type { Sending } from './sending.ts'

/** Accounts and live campaigns in the memory of this process. */
export interface Configuration {
  cache: ConfigCache
  /** Reads both again. They are live when it resolves. Media of passive replies are uploaded in the background. */
  reload(): Promise<void>
}

/** The memory is empty until the first `reload`. */
export function createConfiguration(
  context: ServiceContext,
  { tokens, stopAccount }: Pick<Sending, 'tokens' | 'stopAccount'>,
): Configuration {
  const { db, accounts, campaigns, now, log, clientOf } = context
  const replyMedia = createPassiveReplyMedia({ db, tokens, now, clientOf, log, stop: stopAccount })
  const cache = createConfigCache({ accounts, campaigns, mediaId: replyMedia.mediaId, now, log })
  return {
    cache,
    async reload() {
      await cache.reload()
      const { live } = await campaigns.live()
      replyMedia
        .prepare(cache.accounts(), live)
        .catch((err) => log.warn({ err }, 'media of passive replies could not be prepared'))
    },
  }
}
