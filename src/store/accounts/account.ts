import type { Forward } from '../../wechat/callback/outbound-envelope.ts'
import type { Sealer } from '../encryption/sealer.ts'
import type { accounts } from '../schema.ts'

/** Most accounts that one call reads: a bound far above what one deployment serves. */
export const MAX_ACCOUNTS = 100_000

export type AccountRow = typeof accounts.$inferSelect

export type AccountState = AccountRow['state']

/** An account with decrypted secrets. It never leaves the process. */
export interface Account
  extends Omit<
    AccountRow,
    | 'appSecretSealed'
    | 'tokenSealed'
    | 'encodingAesKeySealed'
    | 'previousTokenSealed'
    | 'previousAesKeySealed'
    | 'refreshTokenSealed'
    | 'forwardSealed'
    | 'invalidRecipients'
  > {
  /** Empty for an authorised account, which uses the platform's secret, token and key. */
  appSecret: string
  token: string
  encodingAesKey: string | null
  /** The token before the last change; see `withUnexpiredKeys`. */
  previousToken: string | null
  previousAesKey: string | null
  refreshToken: string | null
  /** A second URL that each event is forwarded to, with its own token and key. */
  forward: Forward | null
}

/** The fields of a new account. */
export type NewAccount = Pick<Account, 'appId' | 'name' | 'mode' | 'appSecret' | 'token' | 'encodingAesKey'> &
  Pick<Account, 'rules' | 'onUnknown' | 'timezone' | 'apiBase' | 'humanAgents'> &
  Partial<Pick<Account, 'variables' | 'forward' | 'optOut' | 'keepTexts' | 'cap' | 'quietHours'>>

export type AccountPatch = Partial<Omit<NewAccount, 'appId'>>

/** Whether the account may send: it is active, or its stop has ended by itself. */
export function canSend(account: Pick<Account, 'state' | 'stateUntil'>, now: number): boolean {
  return account.state === 'active' || (account.stateUntil !== null && account.stateUntil <= now)
}

/** Decrypts the secrets of a row. */
export function openAccount(sealer: Sealer, row: AccountRow): Account {
  const {
    appSecretSealed,
    tokenSealed,
    encodingAesKeySealed,
    previousTokenSealed,
    previousAesKeySealed,
    refreshTokenSealed,
    forwardSealed,
    invalidRecipients: _,
    ...columns
  } = row
  const open = (sealed: string | null) => (sealed === null ? null : sealer.open(sealed))
  const forward = open(forwardSealed)
  return {
    ...columns,
    appSecret: sealer.open(appSecretSealed),
    token: sealer.open(tokenSealed),
    encodingAesKey: open(encodingAesKeySealed),
    previousToken: open(previousTokenSealed),
    previousAesKey: open(previousAesKeySealed),
    refreshToken: open(refreshTokenSealed),
    // `sealAccount` below wrote this JSON.
    forward: forward === null ? null : (JSON.parse(forward) as Forward),
  }
}

/** The columns of the given fields, with encrypted secrets. */
export function sealAccount(sealer: Sealer, given: AccountPatch) {
  const { appSecret, token, encodingAesKey, forward, ...columns } = given
  const seal = (secret: string | null) => (secret === null ? null : sealer.seal(secret))
  return {
    ...columns,
    ...(appSecret === undefined ? {} : { appSecretSealed: sealer.seal(appSecret) }),
    ...(token === undefined ? {} : { tokenSealed: sealer.seal(token) }),
    ...(encodingAesKey === undefined ? {} : { encodingAesKeySealed: seal(encodingAesKey) }),
    ...(forward === undefined ? {} : { forwardSealed: seal(forward && JSON.stringify(forward)) }),
  }
}
