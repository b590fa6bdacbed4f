import { and, asc, count, eq, gt, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm'
import type { Forward } from '../../wechat/callback/outbound-envelope.ts'
import { SECRET_REASON } from '../../wechat/rules/errcodes.ts'
import type { Db } from '../db.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { hashRecipient } from '../runs/erase-follower.ts'
import { accessTokens, accounts, type SendQuota } from '../schema.ts'

type Row = typeof accounts.$inferSelect

export type AccountState = Row['state']

/** An account with its secrets open: never leaves the process. */
export interface Account
  extends Omit<
    Row,
    | 'appSecretSealed'
    | 'tokenSealed'
    | 'encodingAesKeySealed'
    | 'previousTokenSealed'
    | 'previousAesKeySealed'
    | 'refreshTokenSealed'
    | 'forwardSealed'
    | 'invalidRecipients'
  > {
  /** Empty for an authorised account: the platform's secret, token and key serve it. */
  appSecret: string
  token: string
  encodingAesKey: string | null
  /** Before the last change; see `withLiveKeys`. */
  previousToken: string | null
  previousAesKey: string | null
  refreshToken: string | null
  /** A second URL that is told of each event, with what signs and seals for it. */
  forward: Forward | null
}

/** What an operator gives when an account is registered. */
export type NewAccount = Pick<Account, 'appId' | 'name' | 'mode' | 'appSecret' | 'token' | 'encodingAesKey'> &
  Pick<Account, 'rules' | 'onUnknown' | 'timezone' | 'apiBase' | 'humanAgents'> &
  Partial<Pick<Account, 'variables' | 'forward'>>

export type AccountPatch = Partial<Omit<NewAccount, 'appId'>>

/**
 * An owner enters URL, token and EncodingAESKey at WeChat in one form (消息推送配置,
 * https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/message-push.html), and not in the same moment as here.
 * Until then WeChat signs and seals with what was before; platforms must keep the key before the last one
 * (https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/Message_Encryption/Technical_Plan.html). That the
 * token needs the same overlap is inferred from the form.
 */
const PREVIOUS_KEYS_MS = 24 * 3_600_000

/** Names one authorisation of an account. */
type AuthorisationOf = Pick<Account, 'appId' | 'authorisationAt'>

/** How many followers in a row that WeChat does not know block the account (contract, section 4). */
const MAX_INVALID_RECIPIENTS = 3

export type AccountStore = ReturnType<typeof createAccountStore>

export function createAccountStore(db: Db, sealer: Sealer, now: () => number) {
  const open = ({
    appSecretSealed,
    tokenSealed,
    encodingAesKeySealed,
    previousTokenSealed,
    previousAesKeySealed,
    refreshTokenSealed,
    forwardSealed,
    invalidRecipients: _,
    ...row
  }: Row): Account => ({
    ...row,
    appSecret: sealer.open(appSecretSealed),
    token: sealer.open(tokenSealed),
    encodingAesKey: encodingAesKeySealed === null ? null : sealer.open(encodingAesKeySealed),
    previousToken: previousTokenSealed === null ? null : sealer.open(previousTokenSealed),
    previousAesKey: previousAesKeySealed === null ? null : sealer.open(previousAesKeySealed),
    refreshToken: refreshTokenSealed === null ? null : sealer.open(refreshTokenSealed),
    // Written by `seal` below.
    forward: forwardSealed === null ? null : (JSON.parse(sealer.open(forwardSealed)) as Forward),
  })
  const seal = ({ appSecret, token, encodingAesKey, forward, ...plain }: AccountPatch) => ({
    ...plain,
    ...(forward === undefined
      ? {}
      : { forwardSealed: forward === null ? null : sealer.seal(JSON.stringify(forward)) }),
    ...(appSecret === undefined ? {} : { appSecretSealed: sealer.seal(appSecret) }),
    ...(token === undefined ? {} : { tokenSealed: sealer.seal(token) }),
    ...(encodingAesKey === undefined
      ? {}
      : { encodingAesKeySealed: encodingAesKey === null ? null : sealer.seal(encodingAesKey) }),
  })
  const stateColumns = (state: AccountState, reason: string | null, until: number | null = null) => {
    const at = now()
    return {
      state,
      stateReason: reason,
      stateSince: sql`CASE WHEN ${accounts.state} = ${state} THEN ${accounts.stateSince} ELSE ${at}::bigint END`,
      stateUntil: until,
      updatedAt: at,
      ...(state === 'active' ? { invalidRecipients: [] } : {}),
    }
  }
  const isStillAuthorisedAs = ({ appId, authorisationAt }: AuthorisationOf) =>
    and(
      eq(accounts.appId, appId),
      authorisationAt === null
        ? isNull(accounts.authorisationAt)
        : eq(accounts.authorisationAt, authorisationAt),
    )
  /** What of an account's callback keys the patch replaces stays as the one before, for a day. */
  const supersededKeys = (before: Row, { token, encodingAesKey }: AccountPatch) => {
    const old = open(before)
    const until = now() + PREVIOUS_KEYS_MS
    const newToken = token !== undefined && token !== old.token && old.token !== ''
    const newKey =
      encodingAesKey !== undefined && encodingAesKey !== old.encodingAesKey && old.encodingAesKey !== null
    return {
      ...(newToken ? { previousTokenSealed: before.tokenSealed, previousTokenUntil: until } : {}),
      ...(newKey ? { previousAesKeySealed: before.encodingAesKeySealed, previousAesKeyUntil: until } : {}),
    }
  }
  return {
    async find(appId: string): Promise<Account | null> {
      const [row] = await db.select().from(accounts).where(eq(accounts.appId, appId))
      return row ? open(row) : null
    },
    /** How many accounts are in each state now; states with none are missing. */
    async countByState(): Promise<Map<AccountState, number>> {
      const rows = await db
        .select({ state: accounts.state, stateUntil: accounts.stateUntil, n: count() })
        .from(accounts)
        .groupBy(accounts.state, accounts.stateUntil)
      const counts = new Map<AccountState, number>()
      for (const { n, ...row } of rows) {
        const state = canSend(row, now()) ? 'active' : row.state
        counts.set(state, (counts.get(state) ?? 0) + n)
      }
      return counts
    },
    /** Of all accounts, `limit` at most. */
    async appIds(limit: number): Promise<string[]> {
      const rows = await db.select({ appId: accounts.appId }).from(accounts).limit(limit)
      return rows.map(({ appId }) => appId)
    },
    /** In the order of their appIds, beginning after `after`; `only` these, where given. */
    async list({
      after = '',
      limit = 1_000,
      only,
    }: {
      after?: string
      limit?: number
      only?: readonly string[] | undefined
    } = {}): Promise<Account[]> {
      const rows = await db
        .select()
        .from(accounts)
        .where(and(gt(accounts.appId, after), only ? inArray(accounts.appId, [...only]) : undefined))
        .orderBy(asc(accounts.appId))
        .limit(limit)
      return rows.map(open)
    },
    /** False when the appId is registered already. */
    async add(account: NewAccount): Promise<boolean> {
      const { appId, name, mode, appSecret, token } = account
      const at = now()
      const row = {
        ...seal(account),
        appId,
        name,
        mode,
        appSecretSealed: sealer.seal(appSecret),
        tokenSealed: sealer.seal(token),
        stateSince: at,
        createdAt: at,
        updatedAt: at,
      }
      const added = await db
        .insert(accounts)
        .values(row)
        .onConflictDoNothing()
        .returning({ appId: accounts.appId })
      return added.length > 0
    },
    async patch(appId: string, patch: AccountPatch): Promise<boolean> {
      return db.transaction(async (tx) => {
        const [before] = await tx.select().from(accounts).where(eq(accounts.appId, appId)).for('update')
        if (!before) return false
        await tx
          .update(accounts)
          .set({ ...seal(patch), ...supersededKeys(before, patch), updatedAt: now() })
          .where(eq(accounts.appId, appId))
        // Another secret makes another token.
        if (patch.appSecret !== undefined) await tx.delete(accessTokens).where(eq(accessTokens.appId, appId))
        return true
      })
    },
    /**
     * An owner has authorised the platform: a new account, or one that is served again. Settings of a known one stay.
     * @returns false when a newer authorisation or revocation is known: nothing was changed then
     */
    async authorise(given: {
      appId: string
      name: string
      refreshToken: string
      permissions: number[]
      /** Null where WeChat has not said: what was known stays. */
      verified: boolean | null
      /** Where the platform's WeChat is; absent: what the account had stays. */
      apiBase?: string | undefined
      state: AccountState
      stateReason: string | null
      /** By WeChat's clock, epoch ms in whole seconds. */
      authorisedAt: number
      /** It is known to be the newest, whatever the times say: WeChat has just exchanged the code of the owner's browser. */
      isNewest: boolean
    }): Promise<boolean> {
      const at = now()
      const { appId, name, permissions, verified, apiBase, authorisedAt } = given
      const { authorisationAt } = accounts
      const set = {
        kind: 'authorised' as const,
        mode: 'security' as const,
        name,
        permissions,
        ...(verified === null ? {} : { verified }),
        ...(apiBase === undefined ? {} : { apiBase }),
        refusedKinds: [],
        refreshTokenSealed: sealer.seal(given.refreshToken),
        updatedAt: at,
      }
      const secrets = { appSecretSealed: sealer.seal(''), tokenSealed: sealer.seal('') }
      return db.transaction(async (tx) => {
        const changed = await tx
          .insert(accounts)
          .values({
            appId,
            ...secrets,
            ...set,
            authorisationAt: authorisedAt,
            stateSince: at,
            createdAt: at,
          })
          .onConflictDoUpdate({
            target: accounts.appId,
            set: { ...set, authorisationAt: sql`GREATEST(${authorisationAt}, ${authorisedAt}::bigint)` },
            ...(given.isNewest
              ? {}
              : { setWhere: or(isNull(authorisationAt), lte(authorisationAt, authorisedAt)) }),
          })
          .returning({ appId: accounts.appId })
        if (changed.length === 0) return false
        await tx
          .update(accounts)
          .set(stateColumns(given.state, given.stateReason))
          .where(eq(accounts.appId, appId))
        await tx.delete(accessTokens).where(eq(accessTokens.appId, appId))
        return true
      })
    },
    /**
     * WeChat may give a new refresh token with each access token: the last one counts. `of`: the account as it was when
     * WeChat was asked; an authorisation or revocation that came meanwhile is not overwritten.
     */
    async saveRefreshToken(of: AuthorisationOf, refreshToken: string): Promise<void> {
      await db
        .update(accounts)
        .set({ refreshTokenSealed: sealer.seal(refreshToken) })
        .where(isStillAuthorisedAs(of))
    },
    /** WeChat refused what the account is authorised with; a newer authorisation is not touched. */
    async recordRefusedAuthorisation(of: AuthorisationOf, reason: string): Promise<void> {
      await db
        .update(accounts)
        .set(stateColumns('needs-authorisation', reason))
        .where(isStillAuthorisedAs(of))
    },
    /**
     * The owner took the authorisation back at `revokedAt` (WeChat's clock, epoch ms): nothing is left that could be used.
     * Where authorisation and revocation have the same second, the authorisation counts: a platform that wrongly thinks it
     * is authorised is corrected by WeChat's next answer, while a revocation ends every run for good. That it was this very
     * revocation (repeated after a failure) is known by the refresh token that is gone.
     * @returns false when a newer authorisation is known, or no such account
     */
    async revokeAuthorisation(appId: string, revokedAt: number, reason: string): Promise<boolean> {
      const { authorisationAt } = accounts
      return db.transaction(async (tx) => {
        const dropped = await tx
          .update(accounts)
          .set({
            ...stateColumns('needs-authorisation', reason),
            refreshTokenSealed: null,
            authorisationAt: revokedAt,
          })
          .where(
            and(
              eq(accounts.appId, appId),
              or(
                isNull(authorisationAt),
                lt(authorisationAt, revokedAt),
                and(eq(authorisationAt, revokedAt), isNull(accounts.refreshTokenSealed)),
              ),
            ),
          )
          .returning({ appId: accounts.appId })
        if (dropped.length > 0) await tx.delete(accessTokens).where(eq(accessTokens.appId, appId))
        return dropped.length > 0
      })
    },
    /** Stops or frees an account. `until`: when the stop ends by itself. */
    async setState(appId: string, state: AccountState, reason: string | null, until: number | null = null) {
      await db
        .update(accounts)
        .set(stateColumns(state, reason, until))
        .where(eq(accounts.appId, appId))
    },
    /** Accounts that WeChat's answer to a token call has stopped. */
    async blockedForSecret(): Promise<string[]> {
      const rows = await db.select({ appId: accounts.appId }).from(accounts).where(blockedForSecret())
      return rows.map((r) => r.appId)
    },
    /** Frees an account that is blocked for its secret, and no other; true when it was. */
    async unblockAfterSecretChange(appId: string): Promise<boolean> {
      const at = now()
      const freed = await db
        .update(accounts)
        .set({ state: 'active', stateReason: null, stateSince: at, stateUntil: null, updatedAt: at })
        .where(and(eq(accounts.appId, appId), blockedForSecret()))
        .returning({ appId: accounts.appId })
      return freed.length > 0
    },
    /** Notes a follower that WeChat does not know; true when they are three different ones in a row. */
    async recordInvalidRecipient(appId: string, openId: string): Promise<boolean> {
      const recipientHash = hashRecipient(openId)
      const [row] = await db
        .update(accounts)
        .set({
          invalidRecipients: sql`CASE WHEN ${accounts.invalidRecipients} @> to_jsonb(${recipientHash}::text) THEN ${accounts.invalidRecipients}
            ELSE ${accounts.invalidRecipients} || to_jsonb(${recipientHash}::text) END`,
        })
        .where(eq(accounts.appId, appId))
        .returning({ bad: accounts.invalidRecipients })
      return (row?.bad.length ?? 0) >= MAX_INVALID_RECIPIENTS
    },
    /** A send that worked ends the row of bad ones. */
    async recordValidRecipient(appId: string): Promise<void> {
      await db
        .update(accounts)
        .set({ invalidRecipients: [] })
        .where(and(eq(accounts.appId, appId), sql`${accounts.invalidRecipients} <> '[]'::jsonb`))
    },
    /** WeChat refused this kind of message as such: publishing warns of it. */
    async recordRefusedKind(appId: string, kind: string): Promise<void> {
      await db
        .update(accounts)
        .set({ refusedKinds: sql`${accounts.refusedKinds} || to_jsonb(${kind}::text)` })
        .where(and(eq(accounts.appId, appId), sql`NOT ${accounts.refusedKinds} @> to_jsonb(${kind}::text)`))
    },
    /** What WeChat says of the account's quota for sends. */
    async saveSendQuota(appId: string, sendQuota: SendQuota): Promise<void> {
      await db.update(accounts).set({ sendQuota }).where(eq(accounts.appId, appId))
    },
    /** A message of this kind was taken. */
    async recordAcceptedKind(appId: string, kind: string): Promise<void> {
      await db
        .update(accounts)
        .set({ refusedKinds: sql`${accounts.refusedKinds} - ${kind}::text` })
        .where(eq(accounts.appId, appId))
    },
    /** WeChat lets the account send: what it refused before is to be tried again, certification is to be asked again. */
    async clearRefusals(appId: string): Promise<void> {
      await db
        .update(accounts)
        .set({
          refusedKinds: [],
          verified: sql`CASE WHEN ${accounts.verified} THEN true END`,
        })
        .where(eq(accounts.appId, appId))
    },
    /** WeChat reached the callback. */
    async recordCallback(appId: string): Promise<void> {
      await db.update(accounts).set({ lastCallbackAt: now() }).where(eq(accounts.appId, appId))
    },
  }
}

/** True while sends may go: active, or a stop that ended by itself. */
export function canSend(account: Pick<Account, 'state' | 'stateUntil'>, now: number): boolean {
  return account.state === 'active' || (account.stateUntil !== null && account.stateUntil <= now)
}

type PreviousKeys = Pick<
  Account,
  'previousToken' | 'previousTokenUntil' | 'previousAesKey' | 'previousAesKeyUntil'
>

/** The account without previous keys whose day is over: they open nothing any more, though they may still be stored. */
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

/** Takes previous keys out of the store whose day is over. */
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

/** Its reason begins with a code that only a token call stops an account for. */
function blockedForSecret() {
  return and(eq(accounts.state, 'blocked'), sql`${accounts.stateReason} ~ ${SECRET_REASON.source}`)
}
