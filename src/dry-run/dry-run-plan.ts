import { planForAccount, reentryOf } from '../campaign/compile.ts'
import { planOfVersion } from '../campaign/compiled-plan.ts'
import { optOutWordsOf } from '../campaign/live-events.ts'
import { createMatcher, type LiveCampaign, type Matcher } from '../campaign/match.ts'
import type { Campaign } from '../campaign/model.ts'
import { servesAccount } from '../campaign/target-accounts.ts'
import type { DispatchContext, OptOutWords } from '../dispatch/dispatch-context.ts'
import type { Account } from '../store/accounts/account.ts'

type DryRunAccount = Pick<Account, 'appId' | 'rules' | 'timezone' | 'quietHours' | 'optOut' | 'humanAgents'>

/** What every follower of a dry run is played against: one campaign version in the place of the live one, and the other live campaigns. */
export interface DryRunPlan {
  account: DryRunAccount
  campaign: Campaign
  version: number
  matcher: Matcher
  words: OptOutWords
  /** The version that a follower enters by the id of a campaign; null when it is not live. */
  versionOf(campaign: string): number | null
  matched(campaign: string, at: number): DispatchContext['matched']
  /** Epoch ms: runs that begin from here on are played and, before `to`, counted. */
  from: number
  to: number
  /** Up to when the runs are played. */
  until: number
}

/** Of the live campaigns, those of the account take part. The live version of the tried campaign does not. */
export function createDryRunPlan(input: {
  account: DryRunAccount
  campaign: Campaign
  /** 0: the file is no stored version. */
  version: number
  live: readonly LiveCampaign[]
  from: number
  to: number
  until: number
}): DryRunPlan {
  const { account, campaign, version, live, from, to, until } = input
  const { appId } = account
  const others = live.filter((l) => l.campaign.id !== campaign.id && servesAccount(l.campaign, appId))
  const all = [...others, { campaign, version }]
  const byId = new Map(all.map((l) => [l.campaign.id, l]))
  const matcher = createMatcher(all)
  return {
    account,
    campaign,
    version,
    matcher,
    words: optOutWordsOf(matcher, account),
    versionOf: (id) => byId.get(id)?.version ?? null,
    matched(id, at) {
      const found = byId.get(id)
      if (!found) return null
      const compiled = planOfVersion(found.campaign, found.version)
      const plan = planForAccount(found.campaign, compiled, account, at)
      return { plan, reentry: reentryOf(found.campaign) }
    },
    from,
    to,
    until,
  }
}
