import { compileCampaign, reentryOf } from '../campaign/compile.ts'
import { createMatcher, type EntryFacts, type Matcher } from '../campaign/match.ts'
import { renderPassiveReply } from '../campaign/message.ts'
import type { Campaign } from '../campaign/model.ts'
import { variablesOf } from '../campaign/variables.ts'
import type { Log } from '../log.ts'
import { type Account, type AccountStore, withLiveKeys } from '../store/accounts.ts'
import type { CampaignStore } from '../store/campaigns.ts'
import type { Inbound } from '../wechat/events.ts'
import { withSubstance } from '../wechat/reply.ts'
import { sceneOf } from '../wechat/rules.ts'
import type { IntakeAccount, Match } from './callback.ts'
import type { Directory } from './dispatch.ts'
import { eventKeyOf } from './facts.ts'
import { createLookUp } from './look-up.ts'

/** Accounts and live campaigns in memory: what a callback is matched against without asking anybody. */
export interface LiveDirectory extends Directory {
  /** Whether `account` answers from memory. */
  knows(appId: string): boolean
  /** From memory; one that is not there is looked for in the store. */
  account(appId: string): Promise<Account | null>
  match(account: IntakeAccount, inbound: Inbound): Match
  /** Reads everything anew; what was published before is live when it resolves. */
  reload(): Promise<void>
  accounts(): Account[]
}

/** Far more than one deployment serves; a bound all the same. */
const MOST_ACCOUNTS = 100_000

export function createDirectory(deps: {
  accounts: AccountStore
  campaigns: CampaignStore
  /** WeChat's media_id of an uploaded medium, from memory; null when it is not there. */
  mediaId(appId: string, type: string, id: string): string | null
  now(): number
  log: Log
}): LiveDirectory {
  const { log } = deps
  let accounts = new Map<string, Account>()
  let matcher: Matcher = createMatcher([])
  let reloading: Promise<void> | null = null
  const toldBroken = new Set<string>()
  const entries = new WeakMap<Campaign, NonNullable<Match['entry']>>()

  /** Anybody can make up appIds: they must not cost a statement each. */
  const unknown = createLookUp<Account>({
    readKeys: async () => new Set(await deps.accounts.appIds(MOST_ACCOUNTS)),
    read: deps.accounts.find,
    keep: (appId, account) => accounts.set(appId, account),
  })

  async function read(): Promise<void> {
    const [list, { live, broken }] = await Promise.all([
      deps.accounts.list({ limit: MOST_ACCOUNTS }),
      deps.campaigns.live(),
    ])
    accounts = new Map(list.map((a) => [a.appId, a]))
    matcher = createMatcher(live)
    unknown.forget()
    for (const { row, broken: reason } of broken) {
      const told = `${row.id}@${row.version} ${reason}`
      if (toldBroken.has(told)) continue
      toldBroken.add(told)
      log.error(
        { campaign: row.id, version: row.version, reason },
        'a live campaign cannot be used and takes nobody in: publish its file again',
      )
    }
  }

  function match(account: IntakeAccount, inbound: Inbound): Match {
    const facts = entryFacts(inbound)
    const found = facts && matcher.entry(account.appId, facts)
    if (!facts || !found) {
      return {
        start: null,
        reply: handsOver(account, inbound) ? { kind: 'transfer_customer_service' } : null,
      }
    }
    const { campaign, version } = found
    const start = { campaign: campaign.id, version, event: facts.event }
    const reply = campaign.reply ? replyOf(account, inbound, facts, campaign.reply) : null
    return { start, ...(reply ? { entry: entryOf(found) } : {}), reply }
  }

  /** Of a version that is live: it stays as it is. */
  function entryOf(found: { campaign: Campaign; version: number }): NonNullable<Match['entry']> {
    const { campaign, version } = found
    const known = entries.get(campaign)
    if (known) return known
    const entry = { plan: compileCampaign(campaign, version), reentry: reentryOf(campaign) }
    entries.set(campaign, entry)
    return entry
  }

  function replyOf(
    account: IntakeAccount,
    inbound: Inbound,
    facts: EntryFacts,
    reply: Parameters<typeof renderPassiveReply>[0],
  ): Match['reply'] {
    const at = inbound.createTime * 1000
    const entry = { ...facts, at, seq: 0, key: '' }
    const heard = facts.text === null ? null : { at, text: facts.text }
    try {
      const rendered = renderPassiveReply(reply, variablesOf({ entry, reply: heard }, account, at), (ref) => {
        const id = deps.mediaId(account.appId, ref.type, ref.id)
        if (!id) throw new Error(`medium ${ref.id} is not at WeChat yet`)
        return id
      })
      const said = withSubstance(rendered)
      if (!said) throw new Error(`the ${rendered.kind} reply renders to nothing`)
      return said
    } catch (err) {
      // The run begins all the same; only the immediate answer is missing.
      log.warn({ appId: account.appId, reason: err instanceof Error ? err.message : err }, 'no passive reply')
      return null
    }
  }

  /** What a person wrote and no campaign wants goes to a human, where the account has some. */
  function handsOver(account: IntakeAccount, inbound: Inbound): boolean {
    if (!account.humanAgents || sceneOf(inbound) !== 'message') return false
    return !(inbound.kind === 'text' && matcher.isExit(account.appId, inbound.content))
  }

  return {
    match,
    knows: (appId) => accounts.has(appId),
    accounts: () => [...accounts.values()],
    async account(appId) {
      const known = accounts.get(appId)
      if (known) return withLiveKeys(known, deps.now())
      // Perhaps another process has just registered it.
      const found = await unknown.find(appId)
      return found && withLiveKeys(found, deps.now())
    },
    rulesOf: (appId) =>
      accounts.get(appId)?.rules ?? deps.accounts.find(appId).then((a) => a?.rules ?? 'wechat-2023'),
    async planOf(campaign, version) {
      const found = await deps.campaigns.version(campaign, version)
      return found && { plan: compileCampaign(found.model, version), reentry: reentryOf(found.model) }
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

function entryFacts(inbound: Inbound): EntryFacts | null {
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
