import { planForAccount, reentryOf } from '../campaign/compile.ts'
import { planOfVersion } from '../campaign/compiled-plan.ts'
import { createMatcher, type LiveCampaign, type Matcher } from '../campaign/match.ts'
import type { Campaign } from '../campaign/model.ts'
import { isExitOf, isResumeOf } from '../campaign/opt-out.ts'
import type { DispatchContext, OptOutWords } from '../dispatch/dispatch-context.ts'
import type { Account } from '../store/accounts/account.ts'
import type { RulesProfileName } from '../wechat/rules/rules.ts'

/** What every follower of a dry run is played against: one campaign version in the place of the live one, and the other live campaigns. */
export interface DryRunPlan {
  appId: string
  rules: RulesProfileName
  /** Whether messages that match nothing go to human agents. */
  humanAgents: boolean
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

export function createDryRunPlan(input: {
  account: Pick<Account, 'appId' | 'rules' | 'timezone' | 'quietHours' | 'optOut' | 'humanAgents'>
  campaign: Campaign
  /** 0: the file is no stored version. */
  version: number
  live: readonly LiveCampaign[]
  from: number
  to: number
  until: number
}): DryRunPlan {
  const { account, campaign, version, live, from, to, until } = input
  const { appId, rules, optOut, humanAgents } = account
  const others = live.filter((l) => l.campaign.id !== campaign.id && serves(l.campaign, appId))
  const all = [...others, { campaign, version }]
  const byId = new Map(all.map((l) => [l.campaign.id, l]))
  const matcher = createMatcher(all)
  return {
    appId,
    rules,
    humanAgents,
    campaign,
    version,
    matcher,
    words: {
      isExit: (text) => matcher.isExit(appId, text) || isExitOf(optOut, text),
      isExitOfAccount: (text) => isExitOf(optOut, text),
      isResume: (text) => matcher.resumes(appId, text).length > 0 || isResumeOf(optOut, text),
    },
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

function serves({ accounts }: Campaign, appId: string): boolean {
  return accounts?.includes(appId) ?? true
}
