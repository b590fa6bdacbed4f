import type { Priority } from '@temporalio/common'
import type { Grant } from '../src/wechat/rules/ledger.ts'

// How Temporal shares its task queues between accounts: docs/contract.md#4-sending.

const ONE_MINUTE_GRANT_MS = 60_000
const ONE_MINUTE_WEIGHT = 4

/** The fairness of workflow tasks, and of activities that do not send: each account has one share. */
export function accountFairness(appId: string): Priority {
  return { fairnessKey: appId }
}

/** The fairness of sends. A step paid by a one-minute grant overtakes the backlog of its own account. */
export function sendFairness(appId: string, grant: Grant): Priority {
  return grant.expiresAt - grant.grantedAt <= ONE_MINUTE_GRANT_MS
    ? { fairnessKey: `${appId}/minute`, fairnessWeight: ONE_MINUTE_WEIGHT }
    : accountFairness(appId)
}
