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

const eventFilter = z
  .object({
    event: z.string(),
    keywords: z.array(z.string()).readonly().optional(),
    match: z.enum(['prefix', 'contains']).optional(),
    keys: z.array(z.string()).readonly().optional(),
    qrScenes: z.array(z.string()).readonly().optional(),
    tags: z.array(z.string()).readonly().optional(),
    links: z.array(z.string()).readonly().optional(),
    facts: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi({ description: 'Every field that is present must fit.' })

const fork = z.object({
  id: z.string(),
  state: z
    .enum(['pending', 'waiting', 'asking', 'taken', 'closed'])
    .openapi({ description: 'closed: it is not decided any more.' }),
  waitsFor: z
    .array(z.object({ branch: z.string(), on: z.array(eventFilter) }))
    .openapi({ description: 'While it waits: the events that take each branch.' }),
  until: isoTime.nullable().openapi({ description: 'While it waits: when `else` is taken.' }),
  took: z.string().nullable().openapi({ description: 'The name of the branch, or `else`.' }),
  takenAt: isoTime.nullable(),
  reason: z.string().nullable(),
})

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
    goal: z
      .object({
        at: isoTime,
        value: z.number().nullable().openapi({ description: 'The number of the fact that `value` names.' }),
        step: z.string().nullable().openapi({ description: 'The last step whose message was sent before.' }),
      })
      .optional()
      .openapi({ description: 'Absent while the goal is not reached. It may be reached after the end.' }),
    forks: z
      .array(fork)
      .optional()
      .openapi({ description: 'In the order of the file; absent in a run without forks.' }),
  })
  .openapi('Follower')
