import type { PlatformConfig } from '../../config/config.ts'
import type { AccountOptions, Simulator } from '../../simulator/index.ts'
import type { Services } from '../services.ts'
import { publishOnce } from './demo-account.ts'
import { DEMO_PLATFORM_CREDENTIALS } from './demo-platform-config.ts'
import { SHOPS, SUSPENDED_REASON } from './demo-shops.ts'

/** How often WeChat pushes a new ticket (component_verify_ticket). */
const TICKET_INTERVAL_MS = 600_000

const MENU = [{ key: 'coupon', label: '优惠券' }]

/** Sets up the demo platform at the simulator: its shops, its first ticket, and an example campaign for the shops. */
export async function prepareDemoPlatform(
  services: Services,
  simulator: Simulator,
  config: PlatformConfig,
): Promise<void> {
  const { accounts, log } = services
  for (const shop of SHOPS) {
    const account = await accounts.find(shop.appId)
    if (account && account.apiBase !== config.apiBase)
      await accounts.patch(shop.appId, { apiBase: config.apiBase })
    if (account?.stateReason === SUSPENDED_REASON) await accounts.setState(shop.appId, 'active', null)
    simulator.addAccount(simulatedAccountOf(shop, account?.rules))
  }
  await publishOnce(services, 'welcome-shops', 'shops.yaml')
  await services.reloadConfig()
  const component = simulator.addComponent({
    ...DEMO_PLATFORM_CREDENTIALS,
    authorisationUrl: `${config.publicUrl}/wechat/component`,
    callbackUrl: `${config.publicUrl}/wechat/$APPID$`,
    redirectHost: new URL(config.publicUrl).host,
    ticketEveryMs: TICKET_INTERVAL_MS,
    offers: SHOPS.map((s) => s.appId),
  })
  const ticket = await component.pushTicket()
  if (!ticket.ok)
    log.warn(
      { status: ticket.status, answer: ticket.body },
      'simulated platform: the ticket was not accepted',
    )
}

function simulatedAccountOf(
  shop: (typeof SHOPS)[number],
  profile: AccountOptions['profile'] = 'wechat-2023',
) {
  return {
    ...shop,
    appSecret: 'test-secret-of-another-owner',
    token: 'test-token-of-another-owner',
    mode: 'plain' as const,
    callbackUrl: null,
    profile,
    qrScenes: ['shop-entrance'],
    menu: MENU,
  }
}
