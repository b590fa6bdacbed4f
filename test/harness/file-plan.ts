import { parse } from 'yaml'
import { compileCampaign } from '../../src/campaign/compile.ts'
import { type Campaign, campaignSchema } from '../../src/campaign/model.ts'
import type { Plan } from '../../src/run/plan.ts'

/** The plan of a campaign whose items are written in YAML, as below `steps` of a file. */
export function planOfItems(items: string, more: Record<string, unknown> = {}): Plan {
  return compileCampaign(modelOfItems(items, more), 1)
}

/** The campaign itself. */
export function modelOfItems(items: string, more: Record<string, unknown> = {}): Campaign {
  const file = { id: 'story', name: 'story', entry: { event: 'subscribe' }, steps: parse(items), ...more }
  return campaignSchema.parse(file)
}
