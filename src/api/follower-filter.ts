import { z } from '@hono/zod-openapi'
import { HOUR_MS } from '../shared/time-units.ts'
import type { RunFilter } from '../store/runs/latest-runs.ts'
import { refused } from './api-error.ts'
import { beginningOfOpenId } from './schemas/common-schemas.ts'

/** The longest period in which a window may be looked for that closes. No window is longer. */
const MOST_HOURS = 48

const name = z.string().min(1).max(200)

/** The filters of followers, as parameters of a query or as fields of a body. */
export const followerFilter = z.strictObject({
  appId: z.string().max(64).optional(),
  openId: beginningOfOpenId.optional(),
  status: z.enum(['active', 'paused', 'ended']).optional(),
  outcome: z.string().max(40).optional(),
  campaign: z.string().max(100).optional(),
  version: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .openapi({ description: 'Of the campaign.' }),
  reason: name.optional().openapi({
    description: 'Why a step is held or was skipped, like `no-grant`; `failed:CODE`: WeChat refused it.',
  }),
  scene: name
    .optional()
    .openapi({ description: 'The scene of the QR code; with `*`, the pattern in the campaign file.' }),
  tag: name.optional().openapi({ description: 'A tag that the follower is known to have.' }),
  closing: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_HOURS)
    .optional()
    .openapi({ description: 'The run goes on, and its window closes within so many hours.' }),
})
export type FollowerFilter = z.output<typeof followerFilter>

/**
 * @param now epoch ms; the hours of `closing` begin then
 * @throws ApiError 422 for a version of no campaign
 */
export function toRunFilter({ closing, ...filter }: FollowerFilter, now: number): RunFilter {
  if (filter.version !== undefined && !filter.campaign) {
    const message = 'needs "campaign": versions are counted for each campaign'
    throw refused('The filters are invalid.', [{ path: 'version', message }])
  }
  return closing === undefined
    ? filter
    : { ...filter, closing: { after: now, until: now + closing * HOUR_MS } }
}
