import { and, eq, sql } from 'drizzle-orm'
import { SECRET_REASON } from '../../wechat/rules/errcodes.ts'
import type { Db } from '../db.ts'
import { accounts } from '../schema.ts'
import type { AccountState } from './account.ts'

/** Stops accounts and frees them. */
export function createAccountStates(db: Db, now: () => number) {
  return {
    /** Stops or frees an account. `until`: when the stop ends by itself. */
    async setState(appId: string, state: AccountState, reason: string | null, until: number | null = null) {
      await db
        .update(accounts)
        .set(stateColumns(now(), state, reason, until))
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
  }
}

/** The columns of an account that enters a state, or stays in it. */
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

/** Its reason begins with a code that only a token call stops an account for. */
function blockedForSecret() {
  return and(eq(accounts.state, 'blocked'), sql`${accounts.stateReason} ~ ${SECRET_REASON.source}`)
}
