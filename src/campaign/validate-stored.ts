import { z } from 'zod'
import { compileCampaign } from './compile.ts'
import { type Campaign, campaignSchema, messageSchema } from './model.ts'

const ms = z.number().int().min(0)
const { entry, exit, reply } = campaignSchema.shape

/** A checked campaign as it lies in the store: durations are numbers already. Fields of other versions are let pass. */
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
        since: z.enum(['entry', 'reply', 'previous']),
        ifLate: z.enum(['hold', 'skip']),
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
 * Whether a campaign out of the store can be used by this version of the product. One that cannot (written by another
 * version, changed by hand) must stop neither callbacks nor the other campaigns.
 * @returns what is wrong, for people; null when nothing is
 */
export function validateStored(model: unknown): string | null {
  const { error } = storedSchema.safeParse(model)
  if (error) {
    const [first] = error.issues
    return `${first?.path.join('.') || 'the campaign'}: ${first?.message}`
  }
  try {
    // What the schema has let pass is what the compiler takes.
    compileCampaign(model as Campaign, 1)
    return null
  } catch (err) {
    return err instanceof Error ? err.message : String(err)
  }
}
