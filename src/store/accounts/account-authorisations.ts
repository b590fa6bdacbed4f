import { and, eq, isNull, lt, lte, or, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { accessTokens, accounts } from '../schema.ts'
import type { Account, AccountState } from './account.ts'
import { stateColumns } from './account-state.ts'

/** An authorisation of the platform by the owner of an account. */
export interface AuthorisationGrant {
  appId: string
  name: string
  refreshToken: string
  permissions: number[]
  /** Null when WeChat has not reported it: the stored value stays. */
  verified: boolean | null
  /** The API address of the platform. Absent: the account keeps its address. */
  apiBase?: string | undefined
  state: AccountState
  stateReason: string | null
  /** By WeChat's clock, epoch ms in whole seconds. */
  authorisedAt: number
  /** True when it is the newest whatever the times are: WeChat has just exchanged the code of the owner's browser. */
  isNewest: boolean
}

/** Identifies one authorisation of an account. */
type AuthorisationOf = Pick<Account, 'appId' | 'authorisationAt'>

/** Authorisations of accounts and their revocations. */
export function createAccountAuthorisations(db: Db, sealer: Sealer, now: () => number) {
  return {
    /**
     * Stores an authorisation. Creates a new account; a known account keeps its settings.
     * @returns false when a newer authorisation or revocation is known. Nothing was changed then
     */
    authorise: (grant: AuthorisationGrant) => authorise(db, sealer, grant, now()),
    /**
     * Stores a refresh token. WeChat may issue a new one with each access token, and the last one counts.
     * @param of the account before the call to WeChat. A newer authorisation or revocation is not overwritten
     */
    async saveRefreshToken(of: AuthorisationOf, refreshToken: string): Promise<void> {
      await db
        .update(accounts)
        .set({ refreshTokenSealed: sealer.seal(refreshToken) })
        .where(isStillAuthorisedAs(of))
    },
    /** Stores that WeChat refused the refresh token. A newer authorisation is not changed. */
    async recordRefusedAuthorisation(of: AuthorisationOf, reason: string): Promise<void> {
      await db
        .update(accounts)
        .set(stateColumns(now(), 'needs-authorisation', reason))
        .where(isStillAuthorisedAs(of))
    },
    /**
     * Stores a revocation at `revokedAt` (WeChat's clock, epoch ms) and deletes the tokens. Of an authorisation and a revocation
     * in the same second, the authorisation counts: WeChat's next answer corrects a wrong authorisation, while a revocation
     * ends every run. A missing refresh token shows that this revocation was stored before, and is being repeated.
     * @returns false when a newer authorisation is known, or the account is unknown
     */
    async revokeAuthorisation(appId: string, revokedAt: number, reason: string): Promise<boolean> {
      const { authorisationAt } = accounts
      return db.transaction(async (tx) => {
        const revoked = await tx
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
        if (revoked.length > 0) await tx.delete(accessTokens).where(eq(accessTokens.appId, appId))
        return revoked.length > 0
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
