import type { NewAccount } from '../../store/accounts/account.ts'

/** The simulated account. Its secrets are known to everybody: nothing but the simulator takes them. */
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
 * An account without what can be forged by secrets that stand in this file: null for the simulated account as it was made.
 * One whose token an operator has changed is his own; for a day it would still take the one before.
 */
export function withoutPublicSecrets<
  A extends { appId: string; token: string; previousToken?: string | null | undefined },
>(account: A): A | null {
  if (account.appId !== DEMO_APP_ID) return account
  if (account.token === DEMO_ACCOUNT.token) return null
  return account.previousToken === DEMO_ACCOUNT.token ? { ...account, previousToken: null } : account
}
