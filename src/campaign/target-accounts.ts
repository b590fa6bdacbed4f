import type { RulesProfileName } from '../wechat/rules/rules.ts'
import type { Issue } from './issue.ts'
import { messagesOf, repliesOf, stepsOf } from './items.ts'
import { isUpload } from './message.ts'
import type { Campaign } from './model.ts'
import { accountVariablesIn } from './template/template.ts'

/** A registered account, as far as a check needs it. */
export interface TargetAccount {
  appId: string
  rules: RulesProfileName
  name?: string
  /** Its own variables; absent: none. */
  variables?: Readonly<Record<string, string>>
  /** Whether its operator has switched human agents on; absent: not known. */
  humanAgents?: boolean
  /** Of campaigns that name none; absent or null: none. */
  quietHours?: { from: string; to: string } | null
}

/** Messages name at most this many accounts, and then the number of the others. */
export const NAMED_MAX = 20

/** Whether a campaign serves an account: one in its `accounts`, or any. */
export function servesAccount({ accounts }: { accounts?: readonly string[] | null }, appId: string): boolean {
  return accounts?.includes(appId) ?? true
}

/** The registered accounts that a campaign serves: those in its `accounts`, or all. */
export function targetAccounts<A extends { appId: string }>(
  requested: readonly string[] | undefined,
  accounts: readonly A[] | undefined,
): A[] {
  const requestedIds = requested && new Set(requested)
  return (accounts ?? []).filter((a) => !requestedIds || requestedIds.has(a.appId))
}

/**
 * The names of all variables of the accounts that a file serves. The file may have errors.
 * @returns null when no served account is known: then every variable may exist
 */
export function accountVariableNames(
  file: unknown,
  accounts: readonly TargetAccount[] | undefined,
): ReadonlySet<string> | null {
  const given = typeof file === 'object' && file !== null && 'accounts' in file ? file.accounts : undefined
  const requested = Array.isArray(given) ? given.filter((a) => typeof a === 'string') : undefined
  const targets = targetAccounts(requested, accounts)
  return targets.length === 0 ? null : new Set(targets.flatMap((a) => Object.keys(a.variables ?? {})))
}

/**
 * The campaign as its followers get it: with the quiet hours of the accounts that it serves, when it names none. Of several
 * accounts the first with quiet hours counts.
 * @returns `of`: that account; null when the campaign has its own quiet hours, or none
 */
export function withAccountQuietHours(
  campaign: Campaign,
  accounts: readonly TargetAccount[] | undefined,
): { campaign: Campaign; of: string | null } {
  const quiet = campaign.quiet === undefined ? targetAccounts(campaign.accounts, accounts) : []
  const first = quiet.find((a) => a.quietHours)
  return first?.quietHours
    ? { campaign: { ...campaign, quiet: first.quietHours }, of: first.appId }
    : { campaign, of: null }
}

/** Warnings about served accounts that lack a variable of a template. Their followers do not get the message. */
export function variableWarnings(
  templates: readonly [path: string, template: string][],
  accounts: readonly TargetAccount[],
): Issue[] {
  const found = new Map<string, readonly TargetAccount[]>()
  const accountsWithout = (name: string) => {
    const known = found.get(name) ?? accounts.filter((a) => !Object.hasOwn(a.variables ?? {}, name))
    found.set(name, known)
    return known
  }
  return templates.flatMap(([path, template]) =>
    accountVariablesIn(template).flatMap((name) => {
      const without = accountsWithout(name)
      const consequence = path.startsWith('steps') ? 'the step is skipped' : 'the reply is omitted'
      const named = without.slice(0, NAMED_MAX).map((a): Issue => {
        const message = `account ${a.appId}${a.name ? ` (${a.name})` : ''} has no variable ${name}: ${consequence} there`
        return { path, message }
      })
      const more = without.length - named.length
      return more > 0
        ? [...named, { path, message: `and ${more} more accounts have no variable ${name}` }]
        : named
    }),
  )
}

/** Warnings about accounts without human agents, in a campaign with steps that hand the follower over. */
export function handoverWarnings(campaign: Campaign, accounts: readonly TargetAccount[]): Issue[] {
  const without = accounts.filter((a) => a.humanAgents === false)
  const hint = 'If agents answer there: nurture account change APPID --human-agents'
  return stepsOf(campaign).flatMap(({ path, step }) => {
    if (step.handover === undefined) return []
    const at = { path: `${path}.handover`, rule: 'typing-and-human-agents', hint }
    const named = without.slice(0, NAMED_MAX).map(({ appId }): Issue => {
      return { ...at, message: `account ${appId} has no human agents switched on` }
    })
    const more = without.length - named.length
    const others = `and ${more} more accounts have no human agents switched on`
    return more > 0 ? [...named, { ...at, message: others }] : named
  })
}

const ONE_ACCOUNT =
  'a media_id belongs to one account, and this campaign serves several: use file, or name one account in accounts'

/** Warnings about WeChat's own media ids in a campaign that serves more than one account. */
export function mediaIdWarnings(campaign: Campaign, accounts: readonly TargetAccount[] | undefined): Issue[] {
  const several =
    Math.max(targetAccounts(campaign.accounts, accounts).length, campaign.accounts?.length ?? 0) > 1
  if (!several) return []
  const all = [...stepsOf(campaign).flatMap(messagesOf), ...repliesOf(campaign)]
  return all.flatMap(({ path, message }) =>
    Object.entries(message).flatMap(([kind, content]) => {
      if (typeof content !== 'object') return []
      const at = `${path}.${kind}`
      const ids =
        'mediaId' in content && content.mediaId ? [{ path: `${at}.mediaId`, message: ONE_ACCOUNT }] : []
      // Without accounts the file may be a local one, where a thumb is the name of a file beside it.
      const thumb = accounts && 'thumb' in content && !isUpload(content.thumb)
      return thumb ? [...ids, { path: `${at}.thumb`, message: ONE_ACCOUNT }] : ids
    }),
  )
}
