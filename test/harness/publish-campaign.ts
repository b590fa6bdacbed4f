import type { Services } from '../../src/bootstrap/services.ts'
import { checkCampaign } from '../../src/campaign/check.ts'
import type { Campaign } from '../../src/campaign/model.ts'

/** Publishes a campaign file. @throws Error with the issues when it is invalid */
export async function publishCampaign(
  { campaigns, reloadConfig }: Pick<Services, 'campaigns' | 'reloadConfig'>,
  yaml: string,
): Promise<Campaign> {
  const { campaign, issues } = checkCampaign(yaml)
  if (!campaign) throw new Error(JSON.stringify(issues))
  await campaigns.publish(yaml, campaign, [])
  await reloadConfig()
  return campaign
}
