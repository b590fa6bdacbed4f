import { z } from '@hono/zod-openapi'
import { isoTime, MAX_VERSION, wholeNumber } from './common-schemas.ts'

const moment = z.iso.datetime({
  offset: true,
  error: 'must be a time with a zone, like 2026-11-30T00:00:00+08:00',
})
const count = z.number().int()
const counts = z.record(z.string(), count)

export const dryRunBody = z
  .strictObject({
    campaign: z.union([z.string().min(1), z.record(z.string(), z.unknown())]).openapi({
      description:
        'The campaign file as text (YAML or JSON), as an object, or the id of a published campaign: its newest version.',
    }),
    version: wholeNumber(MAX_VERSION)
      .optional()
      .openapi({ description: 'Another version of the published campaign.' }),
    account: z.string().min(1).max(100).openapi({ description: 'The appId.' }),
    from: moment.openapi({ description: 'At most seven days ago.', format: 'date-time' }),
    to: moment.optional().openapi({ description: 'Not included; default: now.', format: 'date-time' }),
    limit: wholeNumber(10_000).optional().openapi({
      description: 'The largest number of followers; default: 2,000.',
    }),
  })
  .openapi('DryRunRequest')

const runCounts = {
  begun: count.openapi({ description: 'Runs that began in the period.' }),
  open: count.openapi({ description: 'Of these, runs that had not ended at `playedUntil`.' }),
  outcomes: counts.openapi({ description: 'Ended runs by outcome.' }),
  steps: z.array(z.object({ step: z.string(), results: counts })).openapi({
    description:
      'Runs by what became of each step: `sent`, `open`, `unknown`, `skipped:REASON`, `failed:ERRCODE`.',
  }),
  forks: z.array(z.object({ fork: z.string(), branches: counts })),
  goals: count,
  replies: counts.openapi({ description: 'Passive replies by their path in the file.' }),
}

export const dryRunAnswer = z
  .object({
    account: z.string(),
    campaign: z.string(),
    version: count.nullable().openapi({ description: 'Null: a file that is not published.' }),
    from: isoTime,
    to: isoTime,
    playedUntil: isoTime.openapi({ description: 'Up to when the runs were played.' }),
    keepTexts: count.nullable().openapi({ description: "The account's setting." }),
    followers: count,
    events: count,
    texts: z
      .object({ kept: count, notKept: count })
      .openapi({ description: 'A text that was not kept counts as a text that fits no keyword.' }),
    truncated: z.enum(['followers', 'events', 'time']).nullable(),
    dryRun: z.object({
      ...runCounts,
      notBegun: counts.openapi({ description: 'Events that fit the campaign and began no run, by reason.' }),
      grants: counts.openapi({ description: 'Messages by the scene of the grant that paid.' }),
    }),
    real: z.object(runCounts).openapi({
      description:
        'What really happened to the same followers with this campaign. Of `replies` only those of `answers`.',
    }),
    comparison: z.object({ same: count, different: count, onlyDryRun: count, onlyReal: count }).openapi({
      description: 'Runs by the event that began them: the same steps, branches and end, or not.',
    }),
    notes: z.array(z.string()),
  })
  .openapi('DryRun')
