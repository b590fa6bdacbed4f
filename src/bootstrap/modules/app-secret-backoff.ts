import { createHash } from 'node:crypto'
import type { Log } from '../../shared/log.ts'
import type { Account } from '../../store/accounts/account.ts'
import type { AccessToken, WechatAnswer } from '../../wechat/api/client.ts'
import { isSecretRefused, remedyOf } from '../../wechat/rules/errcodes.ts'

const FIRST_DELAY_MS = 1_000
/** Contract, section 4: a stopped account is asked for at most so far apart. */
const MAX_DELAY_MS = 300_000

type TokenAnswer = WechatAnswer<AccessToken>
type AccountSecret = Pick<Account, 'appId' | 'appSecret' | 'state' | 'stateReason'>

/**
 * Stands before the token call of accounts with a secret of their own. A secret that WeChat refuses blocks its account, and
 * is asked with again after 1 s, 2 s, 4 s … 5 min only; another secret at once. The first token after that frees the account.
 */
export function createAppSecretBackoff(deps: {
  now(): number
  log: Log
  /** Blocks the account with this code as its reason. */
  block(appId: string, errcode: number): Promise<void>
  /** Frees an account that is blocked for its secret, and lets go what waits. */
  unblock(appId: string): Promise<void>
}): (account: AccountSecret, fetch: () => Promise<TokenAnswer>) => Promise<TokenAnswer> {
  const backoffs = new Map<string, { secret: string; at: number; delayMs: number; answer: TokenAnswer }>()

  return async function fetchWithBackoff(account, fetch) {
    const { appId } = account
    const secret = createHash('sha256').update(account.appSecret).digest('base64')
    const backoff = backoffs.get(appId)
    const active = backoff?.secret === secret ? backoff : null
    const since = active ? deps.now() - active.at : 0
    // A clock that was set back must not keep it at rest.
    if (active && since >= 0 && since < active.delayMs) return active.answer
    const answer = await fetch()
    if (answer.kind !== 'answered') return answer
    if (isSecretRefused(answer.errcode)) {
      const delayMs = active ? Math.min(MAX_DELAY_MS, active.delayMs * 2) : FIRST_DELAY_MS
      backoffs.set(appId, { secret, at: deps.now(), delayMs, answer })
      // What somebody paused, or WeChat stopped for another reason, stays as it is.
      if (account.state === 'active') await deps.block(appId, answer.errcode)
      const { en: remedy } = remedyOf(answer.errcode)
      deps.log.warn({ appId, errcode: answer.errcode, remedy, againInMs: delayMs }, 'AppSecret refused')
    } else if (answer.errcode === 0) {
      backoffs.delete(appId)
      if (account.state === 'blocked') await deps.unblock(appId)
    }
    return answer
  }
}

/**
 * The same rest for the secret of the third-party platform. It comes from the environment and stands behind all accounts
 * that authorised the platform: it blocks none of them, the log names what to do, and sends say why they wait.
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
    // Never blocked, so never freed.
    unblock: async () => {},
  })
  return (fetch) => fetchWithBackoff(account, fetch)
}
