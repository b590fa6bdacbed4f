import type { Issue } from '../campaign/issue.ts'
import type { Campaign } from '../campaign/model.ts'
import { NAMED_MAX } from '../campaign/served.ts'
import { kindsOf, reasonsAgainst } from '../campaign/takes.ts'
import { type AccountStore, isServing } from '../store/accounts.ts'

/** An account that a campaign serves, and what stands against it, in both languages. */
export interface CampaignAccount {
  appId: string
  /** Null: not registered yet. */
  name: string | null
  reasons: { en: string; zh: string }[]
}

/** Far more than one deployment serves; a bound all the same. */
const MOST_ACCOUNTS = 100_000
const UNREGISTERED = { en: 'it is not registered yet: add the account', zh: '还没有登记：请先添加该账号' }

/** The accounts that a campaign serves, in the order of their appIds; read from the store, since workers write there. */
export async function accountsOf(
  deps: { accounts: Pick<AccountStore, 'list'>; now: () => number },
  campaign: Campaign,
  { after = '', limit = MOST_ACCOUNTS }: { after?: string; limit?: number } = {},
): Promise<CampaignAccount[]> {
  const at = deps.now()
  const kinds = kindsOf(campaign)
  const only =
    campaign.accounts &&
    [...new Set(campaign.accounts)]
      .filter((id) => id > after)
      .sort()
      .slice(0, limit)
  // Those that are named are ordered here: the store's collation may order capitals otherwise.
  const found = await deps.accounts.list(only ? { limit, only } : { after, limit })
  const known = found.map((a) => {
    const state = isServing(a, at) ? ('active' as const) : a.state
    return { appId: a.appId, name: a.name, reasons: reasonsAgainst({ ...a, state }, kinds) }
  })
  if (!only) return known
  const byId = new Map(known.map((a) => [a.appId, a]))
  return only.map((appId) => byId.get(appId) ?? { appId, name: null, reasons: [UNREGISTERED] })
}

/** What the publisher is told of accounts that cannot take the campaign; it is live for the others. */
export function accountWarnings(campaign: Campaign, accounts: readonly CampaignAccount[]): Issue[] {
  // The check speaks of those that are not registered.
  const barred = accounts.filter((a) => a.name !== null && a.reasons.length > 0)
  const named = barred.slice(0, NAMED_MAX).map(({ appId, name, reasons }): Issue => {
    const place = campaign.accounts?.indexOf(appId) ?? -1
    const path = place < 0 ? 'accounts' : `accounts.${place}`
    return {
      path,
      message: `account ${appId} (${name}) cannot take it: ${reasons.map((r) => r.en).join('; ')}`,
    }
  })
  const more = barred.length - named.length
  if (more === 0) return named
  const message = `and ${more} more accounts cannot take it: GET /api/campaigns/${campaign.id}/accounts`
  return [...named, { path: 'accounts', message }]
}
