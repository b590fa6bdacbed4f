import type { Services } from '../services.ts'

/** Accounts of other owners. Their own secrets are nobody's: they are served once they have authorised the platform. */
export const SHOPS = [
  { appId: 'wxsimulatedshop01', name: '老街面馆', originalId: 'gh_simulatedshop01' },
  { appId: 'wxsimulatedshop02', name: '拾光花店', originalId: 'gh_simulatedshop02' },
  { appId: 'wxsimulatedshop03', name: '阿布修车', originalId: 'gh_simulatedshop03' },
]
/** Why a shop rests; by this text it is known again. */
export const SUSPENDED_REASON =
  'Authorised through the simulated platform, which is off: COMPONENT_… is set, or SIMULATOR=off.'

/** Without the demo platform its accounts cannot be served: nothing of theirs goes to WeChat. */
export async function suspendDemoShops({ accounts }: Pick<Services, 'accounts'>): Promise<void> {
  for (const { appId } of SHOPS) {
    const account = await accounts.find(appId)
    if (account?.kind === 'authorised' && account.state === 'active')
      await accounts.setState(appId, 'needs-authorisation', SUSPENDED_REASON)
  }
}
