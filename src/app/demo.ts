import { readFileSync } from 'node:fs'
import { checkCampaign } from '../campaign/check.ts'
import type { Simulator } from '../simulator/index.ts'
import type { NewAccount } from '../store/accounts.ts'
import type { Product } from './product.ts'

/** The simulated account. Its secrets are known to everybody: nothing but the simulator takes them. */
export const DEMO_APP_ID = 'wxsimulated000001'
const DEMO: Omit<NewAccount, 'apiBase'> = {
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
const MENU = [
  { key: 'guide', label: '新手资料' },
  { key: 'help', label: '联系我们' },
]

/** One simulated account with an example campaign: made once, then left as the operator has it. */
export async function prepareDemo(
  product: Product,
  simulator: Simulator,
  at: { simulatorUrl: string; callbackBase: string },
): Promise<void> {
  const { accounts } = product
  const isNew = await accounts.add({ ...DEMO, apiBase: at.simulatorUrl })
  if (!isNew) await accounts.patch(DEMO_APP_ID, { apiBase: at.simulatorUrl })
  if (isNew) await publishOnce(product, 'welcome', 'welcome.yaml')
  await product.changed()
  const account = await accounts.find(DEMO_APP_ID)
  if (!account) return
  const { appId, appSecret, token, encodingAesKey, mode, name, rules: profile } = account
  const callbackUrl = `${at.callbackBase}/wechat/${appId}`
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
export async function publishOnce({ campaigns }: Product, id: string, file: string): Promise<void> {
  if (await campaigns.row(id)) return
  const source = readFileSync(new URL(`../../campaigns/${file}`, import.meta.url), 'utf8')
  const { campaign, warnings } = checkCampaign(source)
  if (campaign) await campaigns.publish(source, campaign, warnings)
}
