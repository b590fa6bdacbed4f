import { compileCampaign, reentryOf } from '../../campaign/compile.ts'
import { createMatcher, type EntryCandidate, type Matcher } from '../../campaign/match.ts'
import { renderPassiveReply } from '../../campaign/message.ts'
import type { Campaign } from '../../campaign/model.ts'
import { templateVariables } from '../../campaign/template/variables.ts'
import type { DispatchConfig } from '../../dispatch/dispatch-event.ts'
import type { Log } from '../../shared/log.ts'
import { type Account, type AccountStore, withUnexpiredKeys } from '../../store/accounts/account-store.ts'
import type { CampaignStore } from '../../store/campaigns/campaign-store.ts'
import type { Inbound } from '../../wechat/callback/events.ts'
import { withoutEmptyParts } from '../../wechat/callback/reply.ts'
import { sceneOf } from '../../wechat/rules/rules.ts'
import type { EventMatch, ReceivingAccount } from '../callback-app.ts'
import { eventKeyOf } from '../event-fields.ts'
import { createKeyedLookup } from './keyed-lookup.ts'

/** Accounts and live campaigns in memory: what a callback is matched against without asking anybody. */
export interface ConfigCache extends DispatchConfig {
  /** Whether `account` answers from memory. */
  isCached(appId: string): boolean
  /** From memory; one that is not there is looked for in the store. */
  findAccount(appId: string): Promise<Account | null>
  match(account: ReceivingAccount, inbound: Inbound): EventMatch
  /** Reads everything anew; what was published before is live when it resolves. */
  reload(): Promise<void>
  accounts(): Account[]
}

/** Far more than one deployment serves; a bound all the same. */
const MAX_ACCOUNTS = 100_000

export function createConfigCache(deps: {
  accounts: AccountStore
  campaigns: CampaignStore
  /** WeChat's media_id of an uploaded medium, from memory; null when it is not there. */
  mediaId(appId: string, type: string, id: string): string | null
  now(): number
  log: Log
}): ConfigCache {
  const { log } = deps
  let accounts = new Map<string, Account>()
  let matcher: Matcher = createMatcher([])
  let reloading: Promise<void> | null = null
  const reportedBroken = new Set<string>()
  const compiledEntries = new WeakMap<Campaign, NonNullable<EventMatch['entry']>>()

  /** Anybody can make up appIds: they must not cost a statement each. */
  const uncached = createKeyedLookup<Account>({
    readKeys: async () => new Set(await deps.accounts.appIds(MAX_ACCOUNTS)),
    read: deps.accounts.find,
    onFound: (appId, account) => accounts.set(appId, account),
  })

  async function read(): Promise<void> {
    const [list, { live, broken }] = await Promise.all([
      deps.accounts.list({ limit: MAX_ACCOUNTS }),
      deps.campaigns.live(),
    ])
    accounts = new Map(list.map((a) => [a.appId, a]))
    matcher = createMatcher(live)
    uncached.clear()
    for (const { row, broken: reason } of broken) {
      const report = `${row.id}@${row.version} ${reason}`
      if (reportedBroken.has(report)) continue
      reportedBroken.add(report)
      log.error(
        { campaign: row.id, version: row.version, reason },
        'a live campaign cannot be used and accepts no new followers: publish its file again',
      )
    }
  }

  function match(account: ReceivingAccount, inbound: Inbound): EventMatch {
    const candidate = entryCandidate(inbound)
    const matched = candidate && matcher.entry(account.appId, candidate)
    if (!candidate || !matched) {
      return {
        start: null,
        reply: isForHumanAgents(account, inbound) ? { kind: 'transfer_customer_service' } : null,
      }
    }
    const { campaign, version } = matched
    const start = { campaign: campaign.id, version, event: candidate.event }
    const reply = campaign.reply ? renderEntryReply(account, inbound, candidate, campaign.reply) : null
    return { start, ...(reply ? { entry: compiledEntry(matched) } : {}), reply }
  }

  /** Of a version that is live: it stays as it is. */
  function compiledEntry(matched: { campaign: Campaign; version: number }): NonNullable<EventMatch['entry']> {
    const { campaign, version } = matched
    const known = compiledEntries.get(campaign)
    if (known) return known
    const entry = { plan: compileCampaign(campaign, version), reentry: reentryOf(campaign) }
    compiledEntries.set(campaign, entry)
    return entry
  }

  function renderEntryReply(
    account: ReceivingAccount,
    inbound: Inbound,
    candidate: EntryCandidate,
    reply: Parameters<typeof renderPassiveReply>[0],
  ): EventMatch['reply'] {
    const at = inbound.createTime * 1000
    const entry = { ...candidate, at, seq: 0, key: '' }
    const latestReply = candidate.text === null ? null : { at, text: candidate.text }
    try {
      const rendered = renderPassiveReply(
        reply,
        templateVariables({ entry, reply: latestReply }, account, at),
        (ref) => {
          const id = deps.mediaId(account.appId, ref.type, ref.id)
          if (!id) throw new Error(`medium ${ref.id} is not at WeChat yet`)
          return id
        },
      )
      const nonEmpty = withoutEmptyParts(rendered)
      if (!nonEmpty) throw new Error(`the ${rendered.kind} reply renders to nothing`)
      return nonEmpty
    } catch (err) {
      // The run begins all the same; only the immediate answer is missing.
      log.warn({ appId: account.appId, reason: err instanceof Error ? err.message : err }, 'no passive reply')
      return null
    }
  }

  /** What a person wrote and no campaign wants goes to a human, where the account has some. */
  function isForHumanAgents(account: ReceivingAccount, inbound: Inbound): boolean {
    if (!account.humanAgents || sceneOf(inbound) !== 'message') return false
    return !(inbound.kind === 'text' && matcher.isExit(account.appId, inbound.content))
  }

  return {
    match,
    isCached: (appId) => accounts.has(appId),
    accounts: () => [...accounts.values()],
    async findAccount(appId) {
      const known = accounts.get(appId)
      if (known) return withUnexpiredKeys(known, deps.now())
      // Perhaps another process has just registered it.
      const matched = await uncached.find(appId)
      return matched && withUnexpiredKeys(matched, deps.now())
    },
    rulesOf: (appId) =>
      accounts.get(appId)?.rules ?? deps.accounts.find(appId).then((a) => a?.rules ?? 'wechat-2023'),
    async planOf(campaign, version) {
      const matched = await deps.campaigns.version(campaign, version)
      return matched && { plan: compileCampaign(matched.model, version), reentry: reentryOf(matched.model) }
    },
    isRegistered: (appId) => accounts.has(appId) || deps.accounts.find(appId).then((a) => a !== null),
    isExitText: (appId, text) => matcher.isExit(appId, text),
    reload() {
      // One that begins now sees all that was written before; one under way may not.
      reloading = (reloading ?? Promise.resolve()).catch(() => {}).then(read)
      return reloading
    },
  }
}

function entryCandidate(inbound: Inbound): EntryCandidate | null {
  const scene = sceneOf(inbound)
  const base = { qrScene: 'qrScene' in inbound ? inbound.qrScene : null, eventKey: eventKeyOf(inbound) }
  const text = inbound.kind === 'text' ? inbound.content : null
  switch (scene) {
    case 'subscribe':
    case 'scan':
      return { event: scene, ...base, text: null }
    case 'menu':
      return { event: 'click', ...base, text: null }
    case 'message':
      return { event: 'message', ...base, text }
    default:
      return null
  }
}
