import { type Campaign, kindOf } from './model.ts'

/** What publishing must know of an account that a campaign serves. */
export interface ServedAccount {
  appId: string
  name: string
  state: string
  stateReason: string | null
  /** Certified by WeChat (认证); null: not known. */
  verified: boolean | null
  /** Kinds of messages that WeChat has refused this account as such. */
  refusedKinds: readonly string[]
}

/** The accounts that a campaign serves: those that it names, or all. */
export function servedBy<T extends { appId: string }>(
  campaign: Pick<Campaign, 'accounts'>,
  accounts: readonly T[],
): T[] {
  return accounts.filter((a) => !campaign.accounts || campaign.accounts.includes(a.appId))
}

/** Why an account cannot take this campaign at present, each with what to do; empty when nothing is in its way. */
export function hindrancesOf(campaign: Pick<Campaign, 'steps'>, account: ServedAccount): string[] {
  const reasons: string[] = []
  if (account.state !== 'active') {
    const why = account.stateReason ? ` (${account.stateReason})` : ''
    reasons.push(`its state is ${account.state}${why}: steps wait until it is active again`)
  }
  if (account.verified === false) {
    reasons.push(
      'it is not certified (认证), and WeChat lets only certified accounts send: certify it at WeChat',
    )
  }
  const kinds = new Set<string>(campaign.steps.map((s) => kindOf(s.send)))
  for (const kind of account.refusedKinds.filter((k) => kinds.has(k))) {
    reasons.push(`WeChat has refused it messages of kind ${kind}: these steps will be skipped`)
  }
  return reasons
}
