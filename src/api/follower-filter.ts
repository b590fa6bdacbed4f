import { z } from '@hono/zod-openapi'
import { HOUR_MS } from '../shared/time-units.ts'
import { BULK_RESULTS } from '../store/bulk/bulk-results.ts'
import type { RunFilter } from '../store/runs/latest-runs.ts'
import { type ApiIssue, refused } from './api-error.ts'
import { beginningOfOpenId, wholeNumber, writtenNumber } from './schemas/common-schemas.ts'

/** The longest period in which a window may be looked for that closes. No window is longer. */
const MOST_HOURS = 48

const name = z.string().min(1).max(200)

const MOST_VERSION = 1_000_000
const ofVersion = <T extends z.ZodType>(number: T) =>
  number.optional().openapi({ description: 'Of the campaign.' })
const ofClosing = <T extends z.ZodType>(number: T) =>
  number.optional().openapi({ description: 'The run goes on, and its window closes within so many hours.' })

/** The filters of followers, as parameters of a query. */
export const followerFilter = z.strictObject({
  appId: z.string().max(64).optional(),
  openId: beginningOfOpenId.optional(),
  status: z.enum(['active', 'paused', 'ended']).optional(),
  outcome: z.string().max(40).optional(),
  campaign: z.string().max(100).optional(),
  version: ofVersion(writtenNumber(MOST_VERSION)),
  reason: name.optional().openapi({
    description: 'Why a step is held or was skipped, like `no-grant`; `failed:CODE`: WeChat refused it.',
  }),
  scene: name
    .optional()
    .openapi({ description: 'The scene of the QR code; with `*`, the pattern in the campaign file.' }),
  tag: name.optional().openapi({ description: 'A tag that the follower is known to have.' }),
  closing: ofClosing(writtenNumber(MOST_HOURS)),
  bulkJob: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .openapi({ description: 'The followers whose runs were selected by this bulk job.' }),
  bulkResult: z
    .enum(BULK_RESULTS)
    .optional()
    .openapi({ description: 'What became of them; `left`: the job has not come to them, or was stopped.' }),
})

/**
 * The same as fields of a body. An empty value is none in a query; here it would select everybody, as with the empty variable of
 * a script.
 */
export const followerFilterBody = followerFilter.extend({
  appId: z.string().min(1).max(64).optional(),
  outcome: z.string().min(1).max(40).optional(),
  campaign: z.string().min(1).max(100).optional(),
  version: ofVersion(wholeNumber(MOST_VERSION)),
  closing: ofClosing(wholeNumber(MOST_HOURS)),
})
export type FollowerFilter = z.output<typeof followerFilter>

/**
 * @param now epoch ms; the hours of `closing` begin then
 * @throws ApiError 422 for a version of no campaign, and a result of no job
 */
export function toRunFilter(
  { closing, bulkJob, bulkResult, ...filter }: FollowerFilter,
  now: number,
): RunFilter {
  const issues: ApiIssue[] = []
  if (filter.version !== undefined && !filter.campaign)
    issues.push({ path: 'version', message: 'needs "campaign": versions are counted for each campaign' })
  if (bulkResult !== undefined && bulkJob === undefined)
    issues.push({ path: 'bulkResult', message: 'needs "bulkJob"' })
  if (issues.length > 0) throw refused('The filters are invalid.', issues)
  return {
    ...filter,
    ...(closing === undefined ? {} : { closing: { after: now, until: now + closing * HOUR_MS } }),
    ...(bulkJob === undefined ? {} : { bulk: { job: bulkJob, result: bulkResult } }),
  }
}
