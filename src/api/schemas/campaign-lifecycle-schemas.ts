import { z } from '@hono/zod-openapi'
import { campaignAccount, campaignParam, campaignVersion, draftSummary } from './campaign-schemas.ts'
import { issue } from './common-schemas.ts'

/** The schemas of versions, drafts, and of what happens to a whole campaign. */

export const versionParams = campaignParam.extend({
  version: z.coerce.number().int().min(1).max(1_000_000_000),
})

export const listedVersion = campaignVersion
  .extend({
    isNewest: z.boolean(),
    activeRuns: z.number().openapi({ description: 'Runs that have not ended.' }),
  })
  .openapi('ListedVersion')

export const versionDetail = campaignVersion
  .extend({
    source: z.string(),
    warnings: z.array(issue),
    broken: z.string().nullable().openapi({ description: 'Why it cannot be used; null: it can be used.' }),
  })
  .openapi('CampaignVersionDetail')

const comparedVersion = z.union([z.literal('draft'), z.literal('live'), z.coerce.number().int().min(1)])
export type ComparedVersion = z.output<typeof comparedVersion>
export const diffQuery = z.strictObject({
  from: comparedVersion
    .default('live')
    .openapi({ description: 'A version, `live` (the newest one) or `draft`.' }),
  to: comparedVersion.default('draft').openapi({ description: 'As `from`.' }),
})

const value = z.unknown().openapi({ description: 'Durations are milliseconds.' })
export const campaignDiff = z
  .object({
    from: z.union([z.number(), z.literal('draft')]),
    to: z.union([z.number(), z.literal('draft')]),
    same: z.boolean(),
    changes: z.array(
      z.object({
        kind: z.enum(['added', 'removed', 'moved', 'changed']),
        of: z.enum(['campaign', 'step', 'fork']),
        id: z.string().nullable(),
        field: z.string().nullable(),
        from: value.optional(),
        to: value.optional(),
        text: z.object({ en: z.string(), zh: z.string() }),
      }),
    ),
  })
  .openapi('CampaignDiff')

export const rollbackBody = z.strictObject({ version: z.number().int().min(1) }).openapi('Rollback')

export const draftDetail = draftSummary.extend({ source: z.string() }).openapi('Draft')

export const draftCheck = z
  .object({ revision: z.number(), ok: z.boolean(), issues: z.array(issue), warnings: z.array(issue) })
  .openapi('DraftCheck')

const appIds = z.array(z.string().min(1).max(64)).max(200)
export const accountsBody = z
  .strictObject({
    add: appIds.optional(),
    remove: appIds.optional(),
    check: z.boolean().default(false).openapi({ description: 'Only report; publish nothing.' }),
    force: z
      .boolean()
      .default(false)
      .openapi({ description: 'Publish although an added account cannot run the campaign now.' }),
  })
  .openapi('CampaignAccountsChange')

export const accountsChanged = z
  .object({
    id: z.string(),
    version: z.number(),
    published: z.boolean(),
    accounts: z.array(campaignAccount.extend({ change: z.enum(['added', 'kept', 'removed']) })),
    warnings: z.array(issue),
  })
  .openapi('CampaignAccountsChanged')

export const retired = z
  .object({
    id: z.string(),
    state: z.literal('retired'),
    ending: z.number().openapi({ description: 'Active runs that are being cancelled.' }),
    activeRuns: z.number().openapi({ description: 'Runs that had not ended.' }),
  })
  .openapi('RetiredCampaign')
