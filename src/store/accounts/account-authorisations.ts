import { and, eq, isNull, lt, lte, or, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { accessTokens, accounts } from '../schema.ts'
import type { Account, AccountState } from './account.ts'
import { stateColumns } from './account-state.ts'

/** An owner's authorisation of the platform. */
export interface AuthorisationGrant {
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
}

/** Names one authorisation of an account. */
type AuthorisationOf = Pick<Account, 'appId' | 'authorisationAt'>

/** Authorisations of accounts by their owners, and what ends them. */
export function createAccountAuthorisations(db: Db, sealer: Sealer, now: () => number) {
  return {
    /**
     * An owner has authorised the platform: a new account, or one that is served again. Settings of a known one stay.
     * @returns false when a newer authorisation or revocation is known: nothing was changed then
     */
    authorise: (grant: AuthorisationGrant) => authorise(db, sealer, grant, now()),
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
        .set(stateColumns(now(), 'needs-authorisation', reason))
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
            ...stateColumns(now(), 'needs-authorisation', reason),
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
  }
}

function isStillAuthorisedAs({ appId, authorisationAt }: AuthorisationOf) {
  return and(
    eq(accounts.appId, appId),
    authorisationAt === null
      ? isNull(accounts.authorisationAt)
      : eq(accounts.authorisationAt, authorisationAt),
  )
}

async function authorise(db: Db, sealer: Sealer, grant: AuthorisationGrant, at: number): Promise<boolean> {
  const { appId, name, permissions, verified, apiBase, authorisedAt } = grant
  const { authorisationAt } = accounts
  const set = {
    kind: 'authorised' as const,
    mode: 'security' as const,
    name,
    permissions,
    ...(verified === null ? {} : { verified }),
    ...(apiBase === undefined ? {} : { apiBase }),
    refusedKinds: [],
    refreshTokenSealed: sealer.seal(grant.refreshToken),
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
        ...(grant.isNewest
          ? {}
          : { setWhere: or(isNull(authorisationAt), lte(authorisationAt, authorisedAt)) }),
      })
      .returning({ appId: accounts.appId })
    if (changed.length === 0) return false
    await tx
      .update(accounts)
      .set(stateColumns(at, grant.state, grant.stateReason))
      .where(eq(accounts.appId, appId))
    await tx.delete(accessTokens).where(eq(accessTokens.appId, appId))
    return true
  })
}
