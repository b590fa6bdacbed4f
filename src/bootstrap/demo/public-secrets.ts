import type { NewAccount } from '../../store/accounts/account.ts'

/** The simulated account. Its secrets are public; only the simulator accepts them. */
export const DEMO_APP_ID = 'wxsimulated000001'
export const DEMO_ACCOUNT: Omit<NewAccount, 'apiBase'> = {
  appId: DEMO_APP_ID,
  name: '小鹿读书',
  mode: 'security',
  appSecret: 'test-secret-of-the-simulated-account',
  token: 'test-token',
  encodingAesKey: 'testtesttesttesttesttesttesttesttesttesttes',
  rules: 'wechat-2023',
  onUnknown: 'retry',
  timezone: 'Asia/Shanghai',
  humanAgents: false,
}

/**
 * Removes the public secrets of this file from an account, since anybody could forge callbacks with them. Null for the
 * simulated account with its original token. After an operator has changed the token, only the previous token is removed,
 * which would otherwise be valid for one more day.
 */
export function withoutPublicSecrets<
  A extends { appId: string; token: string; previousToken?: string | null | undefined },
>(account: A): A | null {
  if (account.appId !== DEMO_APP_ID) return account
  if (account.token === DEMO_ACCOUNT.token) return null
  return account.previousToken === DEMO_ACCOUNT.token ? { ...account, previousToken: null } : account
}
