import { planForAccount, reentryOf } from '../../campaign/compile.ts'
import { planOfVersion } from '../../campaign/compiled-plan.ts'
import type { DispatchConfig } from '../../dispatch/dispatch-deps.ts'
import { AGENT_SESSION_KINDS } from '../../dispatch/plan-dispatch.ts'
import type { FollowerEvent } from '../../run/follower-event.ts'
import { CHINA_TIMEZONE } from '../../shared/beijing-time.ts'
import type { Log } from '../../shared/log.ts'
import { type Account, MAX_ACCOUNTS } from '../../store/accounts/account.ts'
import type { AccountStore } from '../../store/accounts/account-store.ts'
import { withUnexpiredKeys } from '../../store/accounts/previous-keys.ts'
import type { CampaignStore } from '../../store/campaigns/campaign-store.ts'
import { cohortOfRun } from '../../store/campaigns/cohort-of-run.ts'
import type { EventMatch, ReceivingAccount } from '../callback-deps.ts'
import { AgentSessions } from './agent-sessions.ts'
import { EventMatcher } from './event-matcher.ts'
import { createKeyedLookup } from './keyed-lookup.ts'

/** Accounts and live campaigns in memory, so that a callback is matched without a statement. */
export interface ConfigCache extends DispatchConfig {
  /** Whether `findAccount` answers from memory. */
  isCached(appId: string): boolean
  /** Finds an account in memory, or else in the store. */
  findAccount(appId: string): Promise<Account | null>
  /** @param createdAt WeChat's `CreateTime`, epoch ms */
  match(account: ReceivingAccount, event: FollowerEvent, createdAt: number, openId: string): EventMatch
  /** The campaign that a follower enters whom this product gave these tags; null when none matches. */
  matchTags(appId: string, tags: readonly string[]): EventMatch['start']
  /** Reads everything again. Changes that were written before the call are live when it resolves. */
  reload(): Promise<void>
  accounts(): Account[]
}

interface ConfigCacheDeps {
  accounts: AccountStore
  campaigns: CampaignStore
  /** WeChat's media_id of an uploaded medium, from memory; null when the medium is not at WeChat. */
  mediaId(appId: string, type: string, id: string): string | null
  now(): number
  log: Log
}

/** A cache that is empty until its first `reload`: no event matches a campaign, and accounts come from the store. */
export function createConfigCache(deps: ConfigCacheDeps): ConfigCache {
  let accounts = new Map<string, Account>()
  let matcher = new EventMatcher([], deps)
  const sessions = new AgentSessions()
  let reloading: Promise<void> | null = null
  const brokenCampaigns = createBrokenCampaignLog(deps.log)
  /** Anybody can invent appIds. They must not cost a statement each. */
  const uncached = createKeyedLookup<Account>({
    readKeys: async () => new Set(await deps.accounts.appIds(MAX_ACCOUNTS)),
    read: deps.accounts.find,
    onFound: (appId, account) => accounts.set(appId, account),
  })

  const readAll = async (): Promise<void> => {
    const [list, { live, broken }] = await Promise.all([
      deps.accounts.list({ limit: MAX_ACCOUNTS }),
      deps.campaigns.live(),
    ])
    accounts = new Map(list.map((a) => [a.appId, a]))
    matcher = new EventMatcher(live, deps)
    uncached.clear()
    brokenCampaigns(broken)
  }

  /** From memory, or else from the store. */
  const accountOf = async (appId: string) => accounts.get(appId) ?? deps.accounts.find(appId)

  return {
    match(account, event, at, openId) {
      const follower = `${account.appId} ${openId}`
      const opens = AGENT_SESSION_KINDS.get(event.kind)
      if (opens !== undefined) sessions.change(follower, opens, at)
      return matcher.match({ account, event, at, hasAgent: sessions.isOpen(follower, at) })
    },
    matchTags: (appId, tags) => matcher.matchTags(appId, tags),
    isCached: (appId) => accounts.has(appId),
    accounts: () => [...accounts.values()],
    async findAccount(appId) {
      // Another process may have just registered an account that is not in memory.
      const account = accounts.get(appId) ?? (await uncached.find(appId))
      return account && withUnexpiredKeys(account, deps.now())
    },
    rulesOf: (appId) =>
      accounts.get(appId)?.rules ?? deps.accounts.find(appId).then((a) => a?.rules ?? 'wechat-2023'),
    async planOf(campaign, version, appId, at) {
      const found = await deps.campaigns.version(campaign, version)
      if (!found) return null
      // An account that was removed meanwhile has no time zone.
      const account = (await accountOf(appId)) ?? { timezone: CHINA_TIMEZONE }
      const plan = planForAccount(found.model, planOfVersion(found.model, version), account, at)
      return { plan, reentry: reentryOf(found.model) }
    },
    cohortOf: (appId, start) =>
      cohortOfRun({ campaigns: deps.campaigns, accounts: { find: accountOf } }, appId, start),
    isRegistered: (appId) => accounts.has(appId) || deps.accounts.find(appId).then((a) => a !== null),
    optOutWords: (appId) => matcher.optOutWords({ appId, optOut: accounts.get(appId)?.optOut }),
    reload() {
      // A read in progress may miss changes that were written before this call, so another read follows it.
      reloading = (reloading ?? Promise.resolve()).catch(() => {}).then(readAll)
      return reloading
    },
  }
}

type BrokenCampaign = Awaited<ReturnType<CampaignStore['live']>>['broken'][number]

/** Logs each live campaign that cannot be used, once. */
function createBrokenCampaignLog(log: Log): (broken: readonly BrokenCampaign[]) => void {
  const logged = new Set<string>()
  return (broken) => {
    for (const { row, broken: reason } of broken) {
      const report = `${row.id}@${row.version} ${reason}`
      if (logged.has(report)) continue
      logged.add(report)
      log.error(
        { campaign: row.id, version: row.version, reason },
        'live campaign cannot be used and accepts no new followers: publish its file again',
      )
    }
  }
}
