import { z } from 'zod'
import { compileCampaign } from './compile.ts'
import { type Campaign, campaignSchema, messageSchema, plainStep } from './model.ts'

const ms = z.number().int().min(0)
const { entry, exit, reply } = campaignSchema.shape
const { since, ifLate } = plainStep.shape

/** A checked campaign in the store. Durations are numbers. Unknown fields of other versions are accepted. */
const storedSchema = z.object({
  id: z.string(),
  name: z.string(),
  accounts: z.array(z.string()).optional(),
  priority: z.number(),
  entry,
  reply,
  steps: z
    .array(
      z.object({
        id: z.string(),
        after: ms,
        since: since.unwrap(),
        ifLate: ifLate.unwrap(),
        send: messageSchema.optional(),
        tag: z.array(z.string()).optional(),
        untag: z.array(z.string()).optional(),
      }),
    )
    .min(1),
  spacing: ms,
  window: ms,
  reentry: z.union([z.literal('always'), z.literal('never'), z.object({ after: ms })]),
  exit,
})

/**
 * Checks whether this version of the product can use a stored campaign. A campaign that another version wrote, or somebody
 * changed by hand, must stop neither callbacks nor other campaigns.
 * @returns the problem, for people; null when there is none
 */
export function validateStored(model: unknown): string | null {
  const { error } = storedSchema.safeParse(model)
  if (error) {
    const [first] = error.issues
    return `${first?.path.join('.') || 'the campaign'}: ${first?.message}`
  }
  try {
    // The schema has the fields that the compiler needs.
    compileCampaign(model as Campaign, 1)
    return null
  } catch (err) {
    return err instanceof Error ? err.message : String(err)
  }
}
