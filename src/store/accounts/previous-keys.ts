import { lte } from 'drizzle-orm'
import type { Db } from '../db.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { accounts } from '../schema.ts'
import { type Account, type AccountPatch, type AccountRow, openAccount } from './account.ts'

/**
 * How long the previous token and key stay valid. An owner changes them at WeChat in one form (消息推送配置,
 * https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/message-push.html), not at the same moment as here. Until
 * then WeChat signs and encrypts with the previous ones. Platforms must keep the previous key
 * (https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/Message_Encryption/Technical_Plan.html). That the
 * token needs the same overlap is inferred from the form.
 */
const PREVIOUS_KEYS_MS = 24 * 3_600_000

/** The columns that keep the token and key that a patch replaces as the previous ones. */
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

/** The account without expired previous keys, which may still be stored. */
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
