import { and, eq, sql } from 'drizzle-orm'
import { SECRET_REASON } from '../../wechat/rules/errcodes.ts'
import type { Db } from '../db.ts'
import { accounts } from '../schema.ts'
import type { AccountState } from './account.ts'

/** Changes the state of accounts. */
export function createAccountStates(db: Db, now: () => number) {
  return {
    /** Stops or resumes an account. `until`: when the stop ends by itself, epoch ms. */
    async setState(appId: string, state: AccountState, reason: string | null, until: number | null = null) {
      await db
        .update(accounts)
        .set(stateColumns(now(), state, reason, until))
        .where(eq(accounts.appId, appId))
    },
    /** Accounts that were blocked because WeChat refused their AppSecret. */
    async blockedForSecret(): Promise<string[]> {
      const rows = await db.select({ appId: accounts.appId }).from(accounts).where(blockedForSecret())
      return rows.map((r) => r.appId)
    },
    /** Unblocks an account that was blocked for its AppSecret. False when it was not. */
    async unblockAfterSecretChange(appId: string): Promise<boolean> {
      const at = now()
      const unblocked = await db
        .update(accounts)
        .set({ state: 'active', stateReason: null, stateSince: at, stateUntil: null, updatedAt: at })
        .where(and(eq(accounts.appId, appId), blockedForSecret()))
        .returning({ appId: accounts.appId })
      return unblocked.length > 0
    },
  }
}

/** The columns of an account that enters a state or stays in it. `stateSince` changes only with the state. */
export function stateColumns(
  now: number,
  state: AccountState,
  reason: string | null,
  until: number | null = null,
) {
  return {
    state,
    stateReason: reason,
    stateSince: sql`CASE WHEN ${accounts.state} = ${state} THEN ${accounts.stateSince} ELSE ${now}::bigint END`,
    stateUntil: until,
    updatedAt: now,
    ...(state === 'active' ? { invalidRecipients: [] } : {}),
  }
}

/** The reason starts with an errcode that only token calls stop an account for. */
function blockedForSecret() {
  return and(eq(accounts.state, 'blocked'), sql`${accounts.stateReason} ~ ${SECRET_REASON.source}`)
}
