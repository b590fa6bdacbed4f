import { z } from '@hono/zod-openapi'
import { isoTime, stepState } from './common-schemas.ts'

export const followerParams = z.object({
  appId: z.string().min(1).max(64),
  openId: z.string().min(1).max(128),
})

export const followerItem = z
  .object({
    appId: z.string(),
    openId: z.string(),
    runId: z.string().nullable().openapi({ description: 'null: Temporal has not started the run yet.' }),
    campaign: z.string(),
    version: z.number(),
    status: z.enum(['active', 'paused', 'ended']),
    outcome: z.string().nullable(),
    reason: z.string().nullable(),
    startedAt: isoTime,
    endedAt: isoTime.nullable(),
    window: z.object({ closesAt: isoTime }),
  })
  .openapi('FollowerItem')

export const follower = followerItem
  .extend({
    ledger: z.array(
      z.object({
        scene: z.string(),
        grantedAt: isoTime,
        expiresAt: isoTime,
        quota: z.number(),
        used: z.number(),
      }),
    ),
    steps: z.array(
      z.object({
        id: z.string(),
        state: stepState,
        dueAt: isoTime.nullable(),
        sentAt: isoTime.nullable(),
        reason: z.string().nullable(),
        errcode: z.number().nullable(),
      }),
    ),
  })
  .openapi('Follower')
