import { z } from 'zod'
import { DAY_MS, MINUTE_MS } from '../shared/time-units.ts'
import { LONGEST_WINDOW_MS } from '../wechat/rules/rules.ts'
import { answeredEvents, entryEvents, runEvents } from './event-model.ts'
import { ANSWER_HELP, CAMPAIGN_HELP, described, GOAL_HELP, QUIET_HELP, REENTRY_HELP } from './field-help.ts'
import { clockTime, duration, factName, id, onAnyMap } from './field-model.ts'
import { itemSchema, SPREAD_MAX_MS } from './item-model.ts'
import { replySchema } from './message-model.ts'
import { optOutSchema } from './opt-out.ts'

/**
 * The schema of a campaign file: every field, its form and its default. Source:
 * docs/contract.md#5-campaign-file-yaml-12-or-json-json-schema-at-apicampaignschemajson.
 *
 * A message states the problem of the field, and after a colon the remedy. `schema-issue.ts` has the messages of the rules
 * without one here. The parts are in `item-model.ts` (steps and forks), `event-model.ts` and `message-model.ts`.
 */

/** A file with more steps is refused, and its other steps are not checked. */
export const STEPS_MAX = 100

const answerSchema = z
  .strictObject(
    described(ANSWER_HELP, {
      on: answeredEvents,
      reply: replySchema.optional(),
      handover: z.literal(true, { error: 'must be true' }).optional(),
    }),
  )
  .superRefine((row, ctx) => {
    if ((row.reply === undefined) === (row.handover === undefined))
      ctx.addIssue({ code: 'custom', message: 'give either reply or handover' })
  }, onAnyMap)

const quietSchema = z.union(
  [
    z.literal('none'),
    z
      .strictObject(described(QUIET_HELP, { from: clockTime, to: clockTime }))
      .refine(({ from, to }) => from !== to, {
        message: 'from and to are the same: no time would be quiet',
      }),
  ],
  { error: "must be none or { from: '22:00', to: '08:00' }" },
)

/** Two runs of one follower would spend the same messages of WeChat. */
function explainIfBusy({ input }: { input?: unknown }): string {
  return input === 'beside'
    ? 'beside is not supported, because two runs would spend the same messages: answers reply during a run, and replace begins the new run in its place'
    : 'must be skip or replace'
}

/**
 * The form of a campaign file, with defaults filled in. `checkCampaign` also has the rules of WeChat's limits and of the
 * order of steps.
 */
export const campaignSchema = z
  .strictObject(
    described(CAMPAIGN_HELP, {
      id,
      name: z.string().min(1).max(100),
      accounts: z.array(z.string().min(1)).min(1).optional(),
      priority: z.number().int().min(-1000).max(1000).default(0),
      entry: entryEvents.optional(),
      ifBusy: z.enum(['skip', 'replace'], { error: explainIfBusy }).optional(),
      reply: replySchema.optional(),
      steps: z
        .array(itemSchema)
        .min(1, 'is empty: a campaign needs at least one step')
        .max(STEPS_MAX)
        .optional(),
      answers: z.array(answerSchema).min(1).max(100).optional(),
      goal: z
        .strictObject(
          described(GOAL_HELP, {
            on: runEvents,
            end: z.boolean().default(true),
            value: factName.optional(),
            within: duration
              .refine((ms) => ms >= MINUTE_MS && ms <= 30 * DAY_MS, 'must be 1m to 30d')
              .default(7 * DAY_MS),
          }),
        )
        .optional(),
      quiet: quietSchema.optional(),
      spread: duration.refine((ms) => ms <= SPREAD_MAX_MS, 'must be at most 1h').optional(),
      spacing: duration.default(2_000),
      window: duration
        .refine((ms) => ms >= MINUTE_MS && ms <= LONGEST_WINDOW_MS, 'must be 1m to 48h')
        .default(LONGEST_WINDOW_MS),
      reentry: z
        .union(
          [
            z.literal('always'),
            z.literal('never'),
            z.strictObject(described(REENTRY_HELP, { after: duration })),
          ],
          {
            error: 'must be always, never or { after: 30d }',
          },
        )
        .default('always'),
      exit: optOutSchema.optional(),
    }),
  )
  .superRefine((file, ctx) => {
    const report = (path: string, message: string) =>
      ctx.addIssue({ code: 'custom', path: [path], message, input: undefined })
    const { entry, steps, answers } = file
    if (entry === undefined && (steps !== undefined || answers === undefined))
      report('entry', steps === undefined ? 'is missing' : 'is missing: steps need an entry')
    if (steps === undefined && (answers === undefined || entry !== undefined))
      report('steps', 'is missing: a campaign needs steps or answers')
    if (entry === undefined && answers !== undefined && file.reply !== undefined)
      report(
        'reply',
        'is for the event that begins a run, and this campaign has no entry: write it under answers',
      )
  }, onAnyMap)
  .transform((file) => ({ ...file, steps: file.steps ?? [] }))

/** A row of `answers`. */
export type CampaignAnswer = z.output<typeof answerSchema>

/** A checked campaign; durations in ms. */
export type Campaign = z.output<typeof campaignSchema>
