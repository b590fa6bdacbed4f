import type { PlatformConfig } from '../config.ts'
import type { AccountOptions, Simulator } from '../simulator/index.ts'
import { publishOnce } from './demo.ts'
import { RESTS, SHOPS } from './demo-shops.ts'
import type { Product } from './product.ts'

/** WeChat pushes a new ticket so often (component_verify_ticket). */
const TICKET_EVERY_MS = 600_000

/** The third-party platform at the simulator. As the simulated account's, its secrets are known to everybody. */
const CREDENTIALS = {
  appId: 'wxsimulatedplatform',
  appSecret: 'test-secret-of-the-simulated-platform',
  token: 'test-platform-token',
  aesKey: 'testplatformtestplatformtestplatformtestpla',
}

const MENU = [{ key: 'coupon', label: '优惠券' }]

/** @param urls of this process: where the simulator will be, and where the product will be */
export function demoPlatform(urls: { simulatorUrl: string; publicUrl: string }): PlatformConfig {
  return {
    ...CREDENTIALS,
    previousAesKey: null,
    publicUrl: urls.publicUrl,
    apiBase: urls.simulatorUrl,
  }
}

/** The simulator's side of the demo platform: its shops, its first ticket, and an example campaign for the shops. */
export async function prepareDemoPlatform(
  product: Product,
  simulator: Simulator,
  config: PlatformConfig,
): Promise<void> {
  const { accounts, log } = product
  for (const shop of SHOPS) {
    const known = await accounts.find(shop.appId)
    if (known && known.apiBase !== config.apiBase)
      await accounts.patch(shop.appId, { apiBase: config.apiBase })
    if (known?.stateReason === RESTS) await accounts.setState(shop.appId, 'active', null)
    simulator.addAccount(ofOwner(shop, known?.rules))
  }
  await publishOnce(product, 'welcome-shops', 'shops.yaml')
  await product.changed()
  const component = simulator.addComponent({
    ...CREDENTIALS,
    authorisationUrl: `${config.publicUrl}/wechat/component`,
    callbackUrl: `${config.publicUrl}/wechat/$APPID$`,
    redirectHost: new URL(config.publicUrl).host,
    ticketEveryMs: TICKET_EVERY_MS,
    offers: SHOPS.map((s) => s.appId),
  })
  const ticket = await component.pushTicket()
  if (!ticket.ok) log.warn({ status: ticket.status, answer: ticket.body }, 'simulated platform: no ticket')
}

function ofOwner(shop: (typeof SHOPS)[number], profile: AccountOptions['profile'] = 'wechat-2023') {
  return {
    ...shop,
    appSecret: 'test-secret-of-another-owner',
    token: 'test-token-of-another-owner',
    mode: 'plain' as const,
    callbackUrl: null,
    profile,
    qrScenes: ['shop-door'],
    menu: MENU,
  }
}
