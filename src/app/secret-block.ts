import { createHash } from 'node:crypto'
import type { Log } from '../log.ts'
import type { Account } from '../store/accounts.ts'
import type { AccessToken, WechatAnswer } from '../wechat/client.ts'
import { isSecretRefused, remedyOf } from '../wechat/errcodes.ts'

const FIRST_REST_MS = 1_000
/** Contract, section 4: a stopped account is asked for at most so far apart. */
const REST_MAX_MS = 300_000

type Answer = WechatAnswer<AccessToken>
type Fetched = Pick<Account, 'appId' | 'appSecret' | 'state' | 'stateReason'>

/**
 * Stands before the token call of accounts with a secret of their own. A secret that WeChat refuses blocks its account, and
 * is asked with again after 1 s, 2 s, 4 s … 5 min only; another secret at once. The first token after that frees the account.
 */
export function createSecretBlock(deps: {
  now(): number
  log: Log
  /** Blocks the account with this code as its reason. */
  block(appId: string, errcode: number): Promise<void>
  /** Frees an account that is blocked for its secret, and lets go what waits. */
  free(appId: string): Promise<void>
}): (account: Fetched, fetch: () => Promise<Answer>) => Promise<Answer> {
  const rests = new Map<string, { secret: string; at: number; forMs: number; answer: Answer }>()

  return async function tokenOf(account, fetch) {
    const { appId } = account
    const secret = createHash('sha256').update(account.appSecret).digest('base64')
    const rest = rests.get(appId)
    const known = rest?.secret === secret ? rest : null
    const since = known ? deps.now() - known.at : 0
    // A clock that was set back must not keep it at rest.
    if (known && since >= 0 && since < known.forMs) return known.answer
    const answer = await fetch()
    if (answer.kind !== 'answered') return answer
    if (isSecretRefused(answer.errcode)) {
      const forMs = known ? Math.min(REST_MAX_MS, known.forMs * 2) : FIRST_REST_MS
      rests.set(appId, { secret, at: deps.now(), forMs, answer })
      // What somebody paused, or WeChat stopped for another reason, stays as it is.
      if (account.state === 'active') await deps.block(appId, answer.errcode)
      const { en: remedy } = remedyOf(answer.errcode)
      deps.log.warn({ appId, errcode: answer.errcode, remedy, againInMs: forMs }, 'AppSecret refused')
    } else if (answer.errcode === 0) {
      rests.delete(appId)
      if (account.state === 'blocked') await deps.free(appId)
    }
    return answer
  }
}

/**
 * The same rest for the secret of the third-party platform. It comes from the environment and stands behind all accounts
 * that authorised the platform: it blocks none of them, the log names what to do, and sends say why they wait.
 */
export function createPlatformSecretRest(deps: {
  platform: { appId: string; appSecret: string }
  now(): number
  log: Log
}): (fetch: () => Promise<Answer>) => Promise<Answer> {
  const { platform, now, log } = deps
  const account: Fetched = { ...platform, state: 'active', stateReason: null }
  const tokenOf = createSecretBlock({
    now,
    log,
    async block(appId, errcode) {
      const remedy =
        'Set COMPONENT_APP_ID and COMPONENT_APP_SECRET as WeChat Open Platform shows them, and restart.'
      log.error({ appId, errcode, remedy }, 'WeChat refuses the secret of the third-party platform')
    },
    // Never blocked, so never freed.
    free: async () => {},
  })
  return (fetch) => tokenOf(account, fetch)
}
