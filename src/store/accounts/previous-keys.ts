import { lte } from 'drizzle-orm'
import type { Db } from '../db.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { accounts } from '../schema.ts'
import { type Account, type AccountPatch, type AccountRow, openAccount } from './account.ts'

/**
 * An owner enters URL, token and EncodingAESKey at WeChat in one form (消息推送配置,
 * https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/message-push.html), and not in the same moment as here.
 * Until then WeChat signs and seals with what was before; platforms must keep the key before the last one
 * (https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/Message_Encryption/Technical_Plan.html). That the
 * token needs the same overlap is inferred from the form.
 */
const PREVIOUS_KEYS_MS = 24 * 3_600_000

/** The columns that keep what a patch replaces of an account's callback keys as the previous ones, for a day. */
export function supersededKeys(
  sealer: Sealer,
  before: AccountRow,
  { token, encodingAesKey }: AccountPatch,
  now: number,
) {
  const old = openAccount(sealer, before)
  const until = now + PREVIOUS_KEYS_MS
  const isNewToken = token !== undefined && token !== old.token && old.token !== ''
  const isNewKey =
    encodingAesKey !== undefined && encodingAesKey !== old.encodingAesKey && old.encodingAesKey !== null
  return {
    ...(isNewToken ? { previousTokenSealed: before.tokenSealed, previousTokenUntil: until } : {}),
    ...(isNewKey ? { previousAesKeySealed: before.encodingAesKeySealed, previousAesKeyUntil: until } : {}),
  }
}

type PreviousKeys = Pick<
  Account,
  'previousToken' | 'previousTokenUntil' | 'previousAesKey' | 'previousAesKeyUntil'
>

/** The account without expired previous keys, which may still be stored and open nothing any more. */
export function withUnexpiredKeys<A extends PreviousKeys>(account: A, now: number): A {
  const { previousTokenUntil, previousAesKeyUntil } = account
  if (previousTokenUntil === null && previousAesKeyUntil === null) return account
  const isExpired = (until: number | null) => until === null || until <= now
  return {
    ...account,
    ...(isExpired(previousTokenUntil) ? { previousToken: null } : {}),
    ...(isExpired(previousAesKeyUntil) ? { previousAesKey: null } : {}),
  }
}

/** Deletes expired previous keys. */
export async function purgePreviousKeys(db: Db, now: number): Promise<void> {
  await db
    .update(accounts)
    .set({ previousTokenSealed: null, previousTokenUntil: null })
    .where(lte(accounts.previousTokenUntil, now))
  await db
    .update(accounts)
    .set({ previousAesKeySealed: null, previousAesKeyUntil: null })
    .where(lte(accounts.previousAesKeyUntil, now))
}
