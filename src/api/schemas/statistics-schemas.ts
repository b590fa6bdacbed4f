import { z } from '@hono/zod-openapi'
import { STATISTICS_TABLES, TABLE_LANGUAGES } from '../../campaign/statistics/statistics-tables.ts'
import { flag, isoTime, MAX_VERSION, stepState, writtenNumber } from './common-schemas.ts'

const day = z.iso.date('must be a day, like 2026-11-30')
const counts = z.record(z.string(), z.number())
const count = z.number().int()

/** The filters that select runs by their entry. */
const ofEntry = {
  from: day
    .optional()
    .openapi({ description: 'The first day of entries, in the time zone of each account.' }),
  to: day.optional().openapi({ description: 'The last day of entries.' }),
  version: writtenNumber(MAX_VERSION).optional(),
  appId: z.string().max(100).optional(),
}

const filterFields = {
  ...ofEntry,
  from: ofEntry.from.openapi({
    description: 'The first day of entries and answers, in the time zone of each account.',
  }),
  scene: z.string().max(100).optional().openapi({
    description: 'A pattern of `qrScenes` in the campaign file. Empty: runs without one.',
  }),
  variant: z.string().max(300).optional().openapi({
    description: 'A fork of kind `share` and its branch, like `test=b`.',
  }),
}

const isPeriod = ({ from, to }: { from?: string | undefined; to?: string | undefined }) =>
  from === undefined || to === undefined || from <= to
const notPeriod = { path: ['to'], message: 'must not be before from' }

/** Which runs are counted. */
export const statisticsFilter = z.strictObject(filterFields).refine(isPeriod, notPeriod)

/** A table of the statistics, and which runs are counted. */
export const statisticsTableQuery = z
  .strictObject({
    table: z.enum(STATISTICS_TABLES).default('steps'),
    lang: z.enum(TABLE_LANGUAGES).default('en').openapi({ description: 'The language of the header.' }),
    ...filterFields,
  })
  .refine(isPeriod, notPeriod)

/** Which runs are exported, and whether with the ids of their followers. */
export const runsQuery = z
  .strictObject({
    ...ofEntry,
    openIds: flag.openapi({
      description: '`true`: each run has the openId of its follower. Needs the role operator.',
    }),
  })
  .refine(isPeriod, notPeriod)

const runCounts = {
  entered: count,
  replied: count.openapi({ description: 'Runs with a typed message after the entry.' }),
  goals: count.openapi({ description: 'Runs that reached the goal.' }),
  value: z.number().openapi({ description: 'The sum of the values of the goals.' }),
  unfollowed: count.openapi({ description: 'Runs that ended with an unfollow.' }),
}

const step = z.object({
  step: z.string(),
  due: count.openapi({ description: 'Its time came.' }),
  held: count.openapi({ description: 'It could not be sent at its time, and waited.' }),
  sent: count,
  unknown: count.openapi({ description: "WeChat's answer is not known. A late answer corrects it." }),
  skipped: counts.openapi({ description: 'By reason. Also steps whose time never came.' }),
  failed: counts.openapi({ description: "By WeChat's errcode." }),
  clicked: counts.openapi({ description: 'Runs by the name of the link, which were clicked.' }),
  repliedAfter: count.openapi({ description: 'It was the last message before the first reply.' }),
  unfollowedAfter: count.openapi({
    description: 'It was the last message before an unfollow, by at most 24 h.',
  }),
  goalAfter: count.openapi({ description: 'It was the last message before the goal.' }),
})

const variant = z.object({
  branch: z.string(),
  ...runCounts,
  rate: z.number().nullable().openapi({ description: 'Goals per run, 0 to 1.' }),
  p: z.number().nullable().openapi({
    description:
      'How probable such a difference from the first variant is without a cause (two-sided z-test of two proportions). null: the first variant, or fewer than 100 runs or 5 expected goals on a side.',
  }),
})

export const campaignStatistics = z
  .object({
    countedAt: isoTime.openapi({ description: 'When the count had ended.' }),
    runs: z.object({
      ...runCounts,
      active: count.openapi({ description: 'Active or paused.' }),
      ended: counts.openapi({ description: 'By outcome.' }),
      uncounted: count.openapi({
        description: 'Runs of 0.3 whose steps are not counted yet. The daily purge counts them.',
      }),
    }),
    steps: z.array(step),
    forks: z.array(z.object({ fork: z.string(), taken: counts })),
    answers: z.array(z.object({ answer: z.string(), on: z.string().nullable(), answered: count })).openapi({
      description:
        'How often each row of `answers` has answered. `answer` is its place in the newest version that has it, and `on` what it answers. By the day of the answer. Empty with `scene` or `variant`.',
    }),
    tests: z
      .array(z.object({ fork: z.string(), variants: z.array(variant) }))
      .openapi({ description: 'Forks of kind `share`.' }),
    days: z.array(z.object({ day: z.string(), ...runCounts })),
    scenes: z.array(z.object({ scene: z.string(), ...runCounts })),
  })
  .openapi('CampaignStatistics')

/** A line of an export of runs. */
export const exportedRun = z
  .object({
    runKey: z.string().openapi({
      description:
        'The same in each export, until the follower is erased. Nobody can compute it from an openId, or an openId from it.',
    }),
    openId: z.string().nullable().optional().openapi({
      description:
        'Only with `openIds=true`. null: the run is anonymous, after `RETENTION_DAYS` or an erasure.',
    }),
    campaign: z.string(),
    version: count,
    appId: z.string(),
    entryAt: isoTime,
    scene: z.string().nullable().openapi({
      description: 'The pattern of `qrScenes` in the campaign file that fitted the entry.',
    }),
    variant: z.string().nullable().openapi({
      description: 'The branches that forks of kind `share` have chosen, like `test=b`.',
    }),
    outcome: z.string().nullable().openapi({ description: 'null: the run has not ended.' }),
    steps: z.array(
      z.object({
        id: z.string(),
        state: stepState,
        sentAt: isoTime.nullable(),
        reason: z.string().nullable().openapi({ description: 'The kind, without details.' }),
        errcode: z.number().nullable(),
      }),
    ),
    goal: z
      .object({ at: isoTime, value: z.number().nullable(), step: z.string().nullable() })
      .nullable()
      .openapi({ description: 'null: not reached. `step`: the last one whose message was sent before.' }),
  })
  .openapi('ExportedRun')
