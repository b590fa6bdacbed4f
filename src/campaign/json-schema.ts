import { z } from 'zod'
import { campaignSchema } from './model.ts'

/** The JSON Schema of a campaign file, for editors. It lacks the rules that only `checkCampaign` can check. */
export function campaignJsonSchema(): object {
  return z.toJSONSchema(campaignSchema, { io: 'input', unrepresentable: 'any' })
}
