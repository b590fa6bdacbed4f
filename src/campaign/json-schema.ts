import { z } from 'zod'
import { campaignSchema } from './model.ts'

/** The campaign file's form as JSON Schema, for editors; what only `check` can see is not in it. */
export function campaignJsonSchema(): object {
  return z.toJSONSchema(campaignSchema, { io: 'input', unrepresentable: 'any' })
}
