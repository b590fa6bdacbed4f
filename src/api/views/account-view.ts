import { type Account, canSend } from '../../store/accounts/account.ts'

/** An account for API and console, without secrets. */
export function accountView(a: Account, now: number) {
  const isExpired = canSend(a, now) && a.state !== 'active'
  return {
    appId: a.appId,
    name: a.name,
    kind: a.kind,
    mode: a.mode,
    rules: a.rules,
    onUnknown: a.onUnknown,
    timezone: a.timezone,
    state: isExpired ? ('active' as const) : a.state,
    stateReason: isExpired ? null : a.stateReason,
    stateSince: new Date(isExpired ? (a.stateUntil ?? a.stateSince) : a.stateSince).toISOString(),
    stateUntil: isExpired || a.stateUntil === null ? null : new Date(a.stateUntil).toISOString(),
    apiBase: a.apiBase,
    humanAgents: a.humanAgents,
    optOut: a.optOut,
    keepTexts: a.keepTexts,
    cap: a.cap && { messages: a.cap.messages, per: a.cap.per },
    quietHours: a.quietHours,
    variables: a.variables,
    forward: a.forward && { url: a.forward.url, mode: a.forward.mode, useReply: a.forward.useReply },
    verified: a.verified,
    refusedKinds: a.refusedKinds,
    quota: a.sendQuota && {
      askedAt: new Date(a.sendQuota.at).toISOString(),
      dailyLimit: a.sendQuota.dailyLimit,
      used: a.sendQuota.used,
      rate: a.sendQuota.rate,
    },
  }
}
