import type { Services } from '../services.ts'

/** Accounts of other owners. They are served once they have authorised the platform. */
export const SHOPS = [
  { appId: 'wxsimulatedshop01', name: '老街面馆', originalId: 'gh_simulatedshop01' },
  { appId: 'wxsimulatedshop02', name: '拾光花店', originalId: 'gh_simulatedshop02' },
  { appId: 'wxsimulatedshop03', name: '阿布修车', originalId: 'gh_simulatedshop03' },
]
/** The reason of the suspension. `prepareDemoPlatform` recognises it by this text. */
export const SUSPENDED_REASON =
  'Authorised through the simulated platform, which is off: COMPONENT_… is set, or SIMULATOR=off.'

/** Suspends the accounts of the demo platform while it does not run, so that they send nothing to WeChat. */
export async function suspendDemoShops({ accounts }: Pick<Services, 'accounts'>): Promise<void> {
  for (const { appId } of SHOPS) {
    const account = await accounts.find(appId)
    if (account?.kind === 'authorised' && account.state === 'active')
      await accounts.setState(appId, 'needs-authorisation', SUSPENDED_REASON)
  }
}
