import { readFileSync } from 'node:fs'
import { checkCampaign } from '../../campaign/check.ts'
import type { Simulator } from '../../simulator/index.ts'
import type { Services } from '../services.ts'
import { suspendDemoShops } from './demo-shops.ts'
import { DEMO_ACCOUNT, DEMO_APP_ID, withoutPublicSecrets } from './public-secrets.ts'

/** The reason of the pause. `prepareDemo` recognises the pause by this text. */
const SUSPENDED_REASON =
  'Paused while the simulator is off, because its secrets are public. The next npm start with the simulator resumes it.'
const MENU = [
  { key: 'guide', label: '新手资料' },
  { key: 'help', label: '联系我们' },
]

/**
 * Pauses the simulated accounts while no simulator runs. Their secrets are public, so anybody could forge callbacks (which
 * `createIntake` refuses too), and any program on the simulator's port would receive the sends. Accounts that an operator
 * or WeChat has stopped stay as they are.
 */
export async function suspendDemoAccounts(services: Pick<Services, 'accounts' | 'log'>): Promise<void> {
  const { accounts, log } = services
  const demo = await accounts.find(DEMO_APP_ID)
  // A stop with an end would end while the simulator is off.
  if (demo && withoutPublicSecrets(demo) === null && (demo.state === 'active' || demo.stateUntil !== null)) {
    await accounts.setState(DEMO_APP_ID, 'paused', SUSPENDED_REASON)
    log.warn({ appId: DEMO_APP_ID, reason: SUSPENDED_REASON }, 'the simulated account is paused')
  }
  await suspendDemoShops(services)
}

/** Creates the simulated account and an example campaign once. Later starts keep what the operator has changed. */
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
    qrScenes: ['expo-2026', 'shop-entrance'],
    menu: MENU,
  })
}

/** Publishes an example campaign, unless a campaign with this id exists or was deleted. */
export async function publishOnce({ campaigns }: Services, id: string, file: string): Promise<void> {
  if (await campaigns.row(id)) return
  const source = readFileSync(new URL(`../../../campaigns/${file}`, import.meta.url), 'utf8')
  const { campaign, warnings } = checkCampaign(source)
  if (campaign) await campaigns.publish(source, campaign, warnings)
}
