import { z } from '@hono/zod-openapi'
import { followerFilterBody } from '../follower-filter.ts'
import { isoTime, typedLine } from './common-schemas.ts'
import { followerParams } from './follower-schemas.ts'

/** The most followers that are named one by one. */
const MOST_CHOSEN = 200

const bulkAction = z.enum(['cancel', 'pause', 'resume'])

export const bulkBody = z
  .strictObject({
    action: bulkAction,
    filter: followerFilterBody
      .optional()
      .openapi({ description: 'As of the list of followers. `{}`: all of them.' }),
    followers: z
      .array(followerParams)
      .min(1)
      .max(MOST_CHOSEN)
      .optional()
      .openapi({ description: 'Instead of a filter.' }),
    reason: typedLine(500).optional().openapi({ description: 'Of a cancel: why.' }),
    dryRun: z.boolean().default(false).openapi({ description: 'Counts, and changes nothing.' }),
  })
  .refine(({ filter, followers }) => !filter !== !followers, 'must have either filter or followers')

export const bulkCount = z
  .object({
    action: bulkAction,
    count: z.number().openapi({ description: 'How many runs would change.' }),
    closingSoon: z.number().openapi({ description: 'How many of their windows close within 24 hours.' }),
  })
  .openapi('BulkCount')

export const bulkJob = z
  .object({
    id: z.string(),
    action: bulkAction,
    state: z
      .enum(['running', 'finished', 'stopped'])
      .openapi({ description: 'stopped: by an operator. The runs that were left are unchanged.' }),
    selection: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .openapi({ description: 'The filter, or `chosen`: how many followers were named.' }),
    reason: z.string().nullable(),
    total: z.number(),
    done: z.number(),
    ended: z.number().openapi({ description: 'Runs that had ended before their turn.' }),
    failed: z.number().openapi({ description: 'The log of the process has the cause of each.' }),
    createdBy: z.string(),
    createdAt: isoTime,
    endedAt: isoTime.nullable(),
  })
  .openapi('BulkJob')

export const bulkJobParams = z.object({ id: z.string().min(1).max(64) })
