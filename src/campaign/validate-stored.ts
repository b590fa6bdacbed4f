import { z } from 'zod'
import { compileCampaign } from './compile.ts'
import { messageSchema, replySchema } from './message-model.ts'
import type { Campaign } from './model.ts'

const ms = z.number().int().min(0)
const texts = z.array(z.string()).optional()
const storedEvent = z.looseObject({ event: z.string(), keywords: texts, keys: texts, qrScenes: texts })
const storedEvents = z.union([storedEvent, z.array(storedEvent).min(1)])
const storedAnswer = z.object({
  on: storedEvents,
  reply: replySchema.optional(),
  handover: z.literal(true).optional(),
})
const storedStep = z.looseObject({
  id: z.string(),
  after: ms.optional(),
  ifLate: z.enum(['hold', 'skip']),
  send: z.union([messageSchema, z.array(messageSchema).min(1)]).optional(),
})
const storedBranch = z.looseObject({ steps: z.lazy(() => z.array(storedItem)) })
const storedFork = z.looseObject({
  id: z.string(),
  meanwhile: z.array(storedStep).optional(),
  branches: z.array(storedBranch).min(1),
  else: z.lazy(() => z.array(storedItem)).optional(),
})
const storedItem: z.ZodType = z.lazy(() => z.union([storedFork, storedStep, z.literal('end')]))

/**
 * A checked campaign in the store. Durations are numbers. Unknown fields of other versions are accepted; the compiler refuses
 * items that it cannot use.
 */
const storedFields = z.object({
  id: z.string(),
  name: z.string(),
  accounts: z.array(z.string()).optional(),
  priority: z.number(),
  entry: storedEvents.optional(),
  reply: replySchema.optional(),
  steps: z.array(storedItem),
  answers: z.array(storedAnswer).min(1).optional(),
  spacing: ms,
  window: ms,
  reentry: z.union([z.literal('always'), z.literal('never'), z.object({ after: ms })]),
  exit: z
    .object({
      keywords: z.array(z.string()).min(1),
      reply: replySchema.optional(),
      resume: texts,
      resumeReply: replySchema.optional(),
    })
    .optional(),
})
const storedSchema = storedFields.refine(({ steps, answers }) => steps.length > 0 || answers !== undefined, {
  path: ['steps'],
  error: 'a campaign needs steps or answers',
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
