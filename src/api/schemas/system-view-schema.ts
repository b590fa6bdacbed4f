import { z } from '@hono/zod-openapi'
import { isoTime } from './common-schemas.ts'
import { inboxState, temporalState } from './system-schemas.ts'

const ageMs = z.number().openapi({ description: 'ms; 0: nothing waits.' })

const queue = z.object({
  name: z.string(),
  kind: z.enum(['workflow', 'activity']),
  waiting: z.number().openapi({ description: "Tasks that wait, by Temporal's estimate." }),
  oldestMs: ageMs,
  workers: z.array(
    z.object({
      identity: z.string(),
      seenAt: isoTime.openapi({ description: 'When it last asked for work.' }),
      build: z.string().nullable().openapi({ description: 'Its worker version; null: none.' }),
    }),
  ),
})

export const systemState = z
  .object({
    version: z.string().openapi({ description: 'Of this process.' }),
    node: z.string(),
    startedAt: isoTime.openapi({ description: 'Of this process.' }),
    temporal: temporalState,
    queues: z.array(queue).nullable().openapi({ description: 'null: Temporal does not answer.' }),
    inbox: inboxState,
    outbox: z.object({ waiting: z.number(), failed: z.number(), oldestAgeMs: ageMs }),
    jobs: z.array(
      z.object({
        name: z.string(),
        lastRunAt: isoTime.nullable().openapi({ description: 'null: it has never run to its end.' }),
        runningUntil: isoTime
          .nullable()
          .openapi({ description: 'The end of the lease of the process that runs it; null: none.' }),
      }),
    ),
    clock: z.array(
      z.object({
        api: z.string(),
        samples: z.number(),
        refused: z.number(),
        skewMs: z.number().openapi({ description: "This machine's clock minus WeChat's." }),
        steady: z.boolean(),
        correctionMs: z.number(),
      }),
    ),
    keys: z.object({ current: z.string(), previous: z.array(z.string()) }),
  })
  .openapi('System')
