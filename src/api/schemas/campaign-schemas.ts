import { z } from '@hono/zod-openapi'
import { isoTime, issue, rules, stepState, typedLine } from './common-schemas.ts'

export const campaignParam = z.object({ id: z.string().min(1).max(64) })

export const published = z
  .object({
    id: z.string(),
    version: z.number(),
    warnings: z.array(issue),
    unchanged: z.boolean().openapi({ description: 'The content is that of the newest version already.' }),
  })
  .openapi('Published')

export const campaignItem = z
  .object({
    id: z.string(),
    name: z.string(),
    version: z.number(),
    state: z.enum(['live', 'paused', 'retired']),
    accounts: z.array(z.string()).nullable(),
    publishedAt: isoTime,
    broken: z.string().nullable().openapi({
      description: 'Why the stored version cannot be used and no runs start; null: it can be used.',
    }),
  })
  .openapi('CampaignItem')

/** Of a version: what its publisher says about it, for the history. */
export const versionNote = typedLine(200)
  .optional()
  .openapi({ description: 'What the publisher says about this version, for its history.' })

export const campaignVersion = z
  .object({
    version: z.number(),
    publishedAt: isoTime,
    publishedBy: z.string().nullable().openapi({ description: 'null: not recorded.' }),
    restoredFrom: z
      .number()
      .nullable()
      .openapi({ description: 'The version whose file was published again.' }),
    contentHash: z.string().openapi({ description: 'Two versions with the same hash say the same.' }),
    note: z.string().nullable().openapi({ description: 'What its publisher says about it.' }),
  })
  .openapi('CampaignVersion')

export const draftSummary = z
  .object({
    id: z.string(),
    revision: z.number(),
    baseVersion: z
      .number()
      .nullable()
      .openapi({ description: 'The newest version when the draft was begun.' }),
    savedAt: isoTime,
    savedBy: z.string(),
  })
  .openapi('DraftSummary')

export const campaignDetail = campaignItem
  .extend({
    source: z.string(),
    versions: z.array(campaignVersion),
    draft: draftSummary
      .nullable()
      .openapi({ description: 'The draft beside it, without its text; null: none.' }),
  })
  .openapi('Campaign')

export const campaignAccount = z
  .object({
    appId: z.string(),
    name: z.string().nullable().openapi({ description: 'null: not registered yet.' }),
    takes: z.boolean(),
    reasons: z.array(z.string()),
  })
  .openapi('CampaignAccount')

/** How many, by name. */
const counts = z.record(z.string(), z.number())

export const campaignTotals = z
  .object({
    items: z.array(
      z.object({
        version: z.number(),
        runs: counts.openapi({ description: 'By outcome; `active` and `paused` while they have not ended.' }),
        steps: z.record(z.string(), counts).openapi({ description: 'By id of the step, then by its state.' }),
      }),
    ),
  })
  .openapi('CampaignTotals')

export const previewRequest = z
  .strictObject({
    campaign: z.union([z.string(), z.record(z.string(), z.unknown())]).openapi({
      description:
        'The campaign file as text (YAML or JSON), as an object, or the id of a published campaign.',
    }),
    rules: rules.optional(),
    events: z
      .array(z.strictObject({ at: z.string(), do: z.enum(['reply', 'click', 'scan', 'unfollow']) }))
      .max(100)
      .default([]),
  })
  .openapi('PreviewRequest')

export const preview = z
  .object({
    timeline: z.array(
      z.object({
        at: z.string(),
        atMs: z.number(),
        step: z.string(),
        state: stepState,
        grant: z.string().nullable(),
        reason: z.string().nullable(),
      }),
    ),
    warnings: z.array(issue),
  })
  .openapi('Preview')
