import { readFileSync } from 'node:fs'
import { checkCampaign } from '../../campaign/check.ts'
import type { Simulator } from '../../simulator/index.ts'
import type { Services } from '../services.ts'
import { suspendDemoShops } from './demo-shops.ts'
import { DEMO_ACCOUNT, DEMO_APP_ID, withoutPublicSecrets } from './public-secrets.ts'

/** Why the account is paused; by this text it is known again. */
const SUSPENDED_REASON =
  'Paused while the simulator is off: its secrets are known to everybody. It goes on at the next npm start with the simulator.'
const MENU = [
  { key: 'guide', label: '新手资料' },
  { key: 'help', label: '联系我们' },
]

/**
 * Where no simulator runs, its accounts are not served: whoever reads this file could forge what followers do (a process
 * refuses their callbacks besides, see `createIntake`), and whoever opens the simulator's old port would get the sends.
 * What an operator or WeChat has stopped stays as it is.
 */
export async function suspendDemoAccounts(services: Pick<Services, 'accounts' | 'log'>): Promise<void> {
  const { accounts, log } = services
  const demo = await accounts.find(DEMO_APP_ID)
  // A stop that ends by itself would end while the simulator is off.
  if (demo && withoutPublicSecrets(demo) === null && (demo.state === 'active' || demo.stateUntil !== null)) {
    await accounts.setState(DEMO_APP_ID, 'paused', SUSPENDED_REASON)
    log.warn({ appId: DEMO_APP_ID, reason: SUSPENDED_REASON }, 'the simulated account is paused')
  }
  await suspendDemoShops(services)
}

/** One simulated account with an example campaign: made once, then left as the operator has it. */
export async function prepareDemo(
  services: Services,
  simulator: Simulator,
  urls: { simulatorUrl: string; callbackBase: string },
): Promise<void> {
  const { accounts } = services
  const isNew = await accounts.add({ ...DEMO_ACCOUNT, apiBase: urls.simulatorUrl })
  if (!isNew) await accounts.patch(DEMO_APP_ID, { apiBase: urls.simulatorUrl })
  if (isNew) await publishOnce(services, 'welcome', 'welcome.yaml')
  const account = await accounts.find(DEMO_APP_ID)
  if (!account) return
  if (account.stateReason === SUSPENDED_REASON) await accounts.setState(DEMO_APP_ID, 'active', null)
  await services.reloadConfig()
  const { appId, appSecret, token, encodingAesKey, mode, name, rules: profile } = account
  const callbackUrl = `${urls.callbackBase}/wechat/${appId}`
  simulator.addAccount({
    appId,
    appSecret,
    token,
    encodingAesKey,
    mode,
    name,
    profile,
    callbackUrl,
    qrScenes: ['expo-2026', 'shop-door'],
    menu: MENU,
  })
}

/** Publishes an example, unless the operator has had a campaign of this id, be it deleted since. */
export async function publishOnce({ campaigns }: Services, id: string, file: string): Promise<void> {
  if (await campaigns.row(id)) return
  const source = readFileSync(new URL(`../../../campaigns/${file}`, import.meta.url), 'utf8')
  const { campaign, warnings } = checkCampaign(source)
  if (campaign) await campaigns.publish(source, campaign, warnings)
}
