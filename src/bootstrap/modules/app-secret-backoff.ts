import { createHash } from 'node:crypto'
import type { Log } from '../../shared/log.ts'
import type { Account } from '../../store/accounts/account.ts'
import type { AccessToken, WechatAnswer } from '../../wechat/api/client.ts'
import { isSecretRefused, remedyOf } from '../../wechat/rules/errcodes.ts'

const FIRST_DELAY_MS = 1_000
/** Longest time between two tries for a stopped account: docs/contract.md#4-sending. */
const MAX_DELAY_MS = 300_000

type TokenAnswer = WechatAnswer<AccessToken>
type AccountSecret = Pick<Account, 'appId' | 'appSecret' | 'state' | 'stateReason'>

/**
 * Wraps the token call of accounts with their own AppSecret. A secret that WeChat refuses blocks its account and is tried
 * again after 1 s, 2 s, 4 s … 5 min. A changed secret is tried at once. The first token after that unblocks the account.
 */
export function createAppSecretBackoff(deps: {
  now(): number
  log: Log
  /** Blocks the account with this code as its reason. */
  block(appId: string, errcode: number): Promise<void>
  /** Unblocks an account that was blocked for its secret, and resumes its sends. */
  unblock(appId: string): Promise<void>
}): (account: AccountSecret, fetch: () => Promise<TokenAnswer>) => Promise<TokenAnswer> {
  const backoffs = new Map<string, { secret: string; at: number; delayMs: number; answer: TokenAnswer }>()

  return async function fetchWithBackoff(account, fetch) {
    const { appId } = account
    const secret = createHash('sha256').update(account.appSecret).digest('base64')
    const backoff = backoffs.get(appId)
    const active = backoff?.secret === secret ? backoff : null
    const since = active ? deps.now() - active.at : 0
    // After the clock was set back, the delay no longer applies.
    if (active && since >= 0 && since < active.delayMs) return active.answer
    const answer = await fetch()
    if (answer.kind !== 'answered') return answer
    if (isSecretRefused(answer.errcode)) {
      const delayMs = active ? Math.min(MAX_DELAY_MS, active.delayMs * 2) : FIRST_DELAY_MS
      backoffs.set(appId, { secret, at: deps.now(), delayMs, answer })
      // An account that was stopped for another reason stays as it is.
      if (account.state === 'active') await deps.block(appId, answer.errcode)
      const { en: remedy } = remedyOf(answer.errcode)
      deps.log.warn({ appId, errcode: answer.errcode, remedy, retryInMs: delayMs }, 'AppSecret refused')
    } else if (answer.errcode === 0) {
      backoffs.delete(appId)
      if (account.state === 'blocked') await deps.unblock(appId)
    }
    return answer
  }
}

/**
 * The same backoff for the secret of the third-party platform. All accounts that authorised the platform depend on it, so
 * none of them is blocked: the log has the remedy, and sends report why they wait.
 */
export function createPlatformSecretBackoff(deps: {
  platform: { appId: string; appSecret: string }
  now(): number
  log: Log
}): (fetch: () => Promise<TokenAnswer>) => Promise<TokenAnswer> {
  const { platform, now, log } = deps
  const account: AccountSecret = { ...platform, state: 'active', stateReason: null }
  const fetchWithBackoff = createAppSecretBackoff({
    now,
    log,
    async block(appId, errcode) {
      const remedy =
        'Set COMPONENT_APP_ID and COMPONENT_APP_SECRET as WeChat Open Platform shows them, and restart.'
      log.error({ appId, errcode, remedy }, 'WeChat refuses the secret of the third-party platform')
    },
    // Never blocked, so never unblocked.
    unblock: async () => {},
  })
  return (fetch) => fetchWithBackoff(account, fetch)
}
