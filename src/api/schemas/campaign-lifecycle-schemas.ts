import { z } from '@hono/zod-openapi'
import {
  campaignAccount,
  campaignParam,
  campaignVersion,
  draftSummary,
  versionNote,
} from './campaign-schemas.ts'
import { isoTime, issue, MAX_VERSION, wholeNumber, writtenNumber } from './common-schemas.ts'
import { facts } from './event-schemas.ts'

/** The schemas of versions, drafts, and of what happens to a whole campaign. */

export const versionParams = campaignParam.extend({
  version: writtenNumber(1_000_000_000),
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

const versionOr = <T extends z.ZodType>(number: T) =>
  z.union([z.literal('draft'), z.literal('live'), number], 'must be a version, draft or live')
const comparedVersion = versionOr(writtenNumber(MAX_VERSION))
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

export const rollbackBody = z
  .strictObject({ version: wholeNumber(MAX_VERSION), note: versionNote })
  .openapi('Rollback')

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

export const testSendBody = z
  .strictObject({
    appId: z.string().min(1).max(64),
    openId: z.string().min(1).max(128).openapi({ description: 'Of the tester, at this account.' }),
    step: z
      .string()
      .min(1)
      .max(80)
      .default('all')
      .openapi({ description: 'The id of a step, with all its messages, or `all`.' }),
    version: versionOr(wholeNumber(MAX_VERSION)).default('live'),
    reply: z
      .string()
      .max(600)
      .default('1')
      .openapi({ description: 'For `{{ reply.text }}` and `{{ answer.text }}`.' }),
    facts: facts.optional().openapi({ description: 'In place of those of the tester.' }),
  })
  .openapi('TestSend')

export const testSendAnswer = z
  .object({
    id: z.string(),
    appId: z.string(),
    version: z.union([z.number(), z.literal('draft')]),
    duplicate: z
      .boolean()
      .openapi({ description: 'The same request was answered before. Nothing was sent again.' }),
    grant: z
      .object({ scene: z.string(), expiresAt: isoTime, left: z.number() })
      .openapi({ description: 'What WeChat allowed before the test.' }),
    messages: z.array(
      z.object({
        step: z.string(),
        result: z.enum(['sent', 'refused', 'unclear', 'not-sent']),
        errcode: z.number().nullable(),
        reason: z.string().nullable().openapi({ description: 'Why, and what to do.' }),
      }),
    ),
  })
  .openapi('TestSendResult')
