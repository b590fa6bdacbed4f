import { ineligibilityReasons, sentKinds } from '../../campaign/account-eligibility.ts'
import type { Issue } from '../../campaign/issue.ts'
import type { Campaign } from '../../campaign/model.ts'
import { NAMED_MAX } from '../../campaign/target-accounts.ts'
import { canSend, MAX_ACCOUNTS } from '../../store/accounts/account.ts'
import type { AccountStore } from '../../store/accounts/account-store.ts'

/** An account of a campaign, with the reasons why the campaign cannot run there. */
export interface TargetAccount {
  appId: string
  /** null: not registered yet. */
  name: string | null
  reasons: { en: string; zh: string }[]
}

const UNREGISTERED = { en: 'it is not registered yet: add the account', zh: '还没有登记：请先添加该账号' }

/** The accounts of a campaign, ordered by appId. They are read from the store, because workers change their state. */
export async function listTargetAccounts(
  deps: { accounts: Pick<AccountStore, 'list'>; now: () => number },
  campaign: Campaign,
  { after = '', limit = MAX_ACCOUNTS }: { after?: string; limit?: number } = {},
): Promise<TargetAccount[]> {
  const at = deps.now()
  const kinds = sentKinds(campaign)
  const namedIds =
    campaign.accounts &&
    [...new Set(campaign.accounts)]
      .filter((id) => id > after)
      .sort()
      .slice(0, limit)
  // Named accounts are sorted here, because the collation of the store may order capital letters differently.
  const found = await deps.accounts.list(namedIds ? { limit, only: namedIds } : { after, limit })
  const known = found.map((a) => {
    const state = canSend(a, at) ? ('active' as const) : a.state
    return { appId: a.appId, name: a.name, reasons: ineligibilityReasons({ ...a, state }, kinds) }
  })
  if (!namedIds) return known
  const byId = new Map(known.map((a) => [a.appId, a]))
  return namedIds.map((appId) => byId.get(appId) ?? { appId, name: null, reasons: [UNREGISTERED] })
}

/** Warnings about accounts where the campaign cannot run. It is live for the others. */
export function accountWarnings(campaign: Campaign, accounts: readonly TargetAccount[]): Issue[] {
  // The check of the file reports accounts that are not registered.
  const ineligible = accounts.filter((a) => a.name !== null && a.reasons.length > 0)
  const named = ineligible.slice(0, NAMED_MAX).map(({ appId, name, reasons }): Issue => {
    const index = campaign.accounts?.indexOf(appId) ?? -1
    const path = index < 0 ? 'accounts' : `accounts.${index}`
    return {
      path,
      message: `account ${appId} (${name}) cannot run it: ${reasons.map((r) => r.en).join('; ')}`,
    }
  })
  const omitted = ineligible.length - named.length
  if (omitted === 0) return named
  const message = `and ${omitted} more accounts cannot run it: GET /api/campaigns/${campaign.id}/accounts`
  return [...named, { path: 'accounts', message }]
}
