import { and, asc, count, eq, gt, inArray } from 'drizzle-orm'
import type { Db } from '../db.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { accessTokens, accounts } from '../schema.ts'
import {
  type Account,
  type AccountPatch,
  type AccountState,
  canSend,
  type NewAccount,
  openAccount,
  sealAccount,
} from './account.ts'
import { createAccountAuthorisations } from './account-authorisations.ts'
import { createAccountStates } from './account-state.ts'
import { supersededKeys } from './previous-keys.ts'
import { createSendFindings } from './send-findings.ts'

export type AccountStore = ReturnType<typeof createAccountStore>

/** Official Accounts, their secrets encrypted at rest. */
export function createAccountStore(db: Db, sealer: Sealer, now: () => number) {
  return {
    ...createAccountQueries(db, sealer, now),
    ...createAccountChanges(db, sealer, now),
    ...createAccountStates(db, now),
    ...createAccountAuthorisations(db, sealer, now),
    ...createSendFindings(db),
  }
}

function createAccountQueries(db: Db, sealer: Sealer, now: () => number) {
  return {
    async find(appId: string): Promise<Account | null> {
      const [row] = await db.select().from(accounts).where(eq(accounts.appId, appId))
      return row ? openAccount(sealer, row) : null
    },
    /** The number of accounts in each state now. States without accounts are missing. */
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
    /** Ids of all accounts, at most `limit`. */
    async appIds(limit: number): Promise<string[]> {
      const rows = await db.select({ appId: accounts.appId }).from(accounts).limit(limit)
      return rows.map(({ appId }) => appId)
    },
    /** In the order of their appIds, after `after`. `only`: limits the result to these appIds. */
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
      return rows.map((row) => openAccount(sealer, row))
    },
  }
}

function createAccountChanges(db: Db, sealer: Sealer, now: () => number) {
  return {
    /** False when the appId is registered already. */
    async add(account: NewAccount): Promise<boolean> {
      const { appId, name, mode, appSecret, token } = account
      const at = now()
      const row = {
        ...sealAccount(sealer, account),
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
          .set({
            ...sealAccount(sealer, patch),
            ...supersededKeys(sealer, before, patch, now()),
            updatedAt: now(),
          })
          .where(eq(accounts.appId, appId))
        // The access token belongs to the old secret.
        if (patch.appSecret !== undefined) await tx.delete(accessTokens).where(eq(accessTokens.appId, appId))
        return true
      })
    },
    /** Records that WeChat reached the callback just now. */
    async recordCallback(appId: string): Promise<void> {
      await db.update(accounts).set({ lastCallbackAt: now() }).where(eq(accounts.appId, appId))
    },
  }
}
