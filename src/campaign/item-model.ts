import { z } from 'zod'
import type { CampaignTest } from '../run/condition.ts'
import type { FactTest } from '../run/fact.ts'
import { isRecord } from '../shared/is-record.ts'
import { MINUTE_MS, SECOND_MS } from '../shared/time-units.ts'
import { entryEvents, type FileEvents, runEvents } from './event-model.ts'
import { BRANCH_HELP, CONDITION_HELP, described, FACT_TIME_HELP, FORK_HELP, STEP_HELP } from './field-help.ts'
import {
  clockTime,
  duration,
  factName,
  factTests,
  factValue,
  id,
  onAnyMap,
  tagName,
  tagNames,
  word,
} from './field-model.ts'
import { messageSchema } from './message-model.ts'

/** The schema of what stands below `steps`: steps, forks and `end`. */

export const FORKS_MAX = 30
export const FORK_DEPTH_MAX = 4
const BRANCHES_MAX = 10
export const MESSAGES_MAX = 5

const whenForms = {
  error:
    'must be replied, not-replied, or a map such as { tag: name }, { qrScene: scene }, { subscribeScene: ADD_SCENE_QR_CODE } or { facts: { name: value } }',
}
const oneOrMore = <S extends z.ZodType>(value: S) => z.union([value, z.array(value).min(1)])

/** A condition in a file. All fields that are present must hold. */
export interface FileCondition {
  replied?: true | undefined
  tag?: string | string[] | undefined
  qrScene?: string | string[] | undefined
  subscribeScene?: string | string[] | undefined
  facts?: Record<string, FactTest> | undefined
  entry?: FileEvents | undefined
  campaign?: Record<string, CampaignTest> | undefined
  not?: FileCondition | undefined
}
const condition: z.ZodType<FileCondition> = z.lazy(() =>
  z
    .strictObject(
      described(CONDITION_HELP, {
        replied: z
          .literal(true, { error: 'must be true: write not: { replied: true } for the opposite' })
          .optional(),
        tag: oneOrMore(tagName).optional(),
        qrScene: oneOrMore(word).optional(),
        subscribeScene: oneOrMore(word).optional(),
        facts: factTests.optional(),
        entry: entryEvents.optional(),
        campaign: z.record(id, z.enum(['completed', 'goal-reached', 'entered', 'never'])).optional(),
        not: condition.optional(),
      }),
    )
    .refine((asked) => Object.values(asked).some((x) => x !== undefined), whenForms),
)
const whenSchema = z.union([z.enum(['replied', 'not-replied']), condition], whenForms)

/** The days of the week as files name them; the index is the number of a plan's clock. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
const days = z.union([z.enum(['workdays', 'weekend']), z.array(z.enum(WEEKDAYS)).min(1)], {
  error: 'must be workdays, weekend or a list like [mon, wed]',
})
export type FileDays = z.output<typeof days>

/** The numbers of the days, 0 (Sunday) to 6. */
export function weekdays(given: FileDays): number[] {
  if (given === 'workdays') return [1, 2, 3, 4, 5]
  return given === 'weekend' ? [0, 6] : given.map((day) => WEEKDAYS.indexOf(day))
}

/** The fields that say when a step or a `when` fork is. */
const timing = {
  after: duration.optional(),
  at: clockTime.optional(),
  day: z.number().int().min(-30).max(30).optional(),
  days: days.optional(),
  since: z.union([id, z.strictObject(described(FACT_TIME_HELP, { fact: factName }))]).default('previous'),
}

const messages = z.union(
  [
    messageSchema,
    z
      .array(messageSchema)
      .min(1)
      .superRefine((list, ctx) => {
        if (list.length > MESSAGES_MAX)
          ctx.addIssue({
            code: 'custom',
            message: `${list.length} messages in one step: WeChat never gives more than ${MESSAGES_MAX} for one interaction`,
          })
      }),
  ],
  { error: 'must be a message, such as { text: … } or { image: … }, or a list of messages' },
)

/** The error of a step that has branches. The form of a fork has the errors to report then. */
export const NO_BRANCHES = 'is for forks'

export const ACTIONS = ['send', 'tag', 'untag', 'set', 'webhook', 'handover', 'go'] as const

const agentForm = { error: 'must be the account of a human agent, like anna@account' }

/** A step without the rules that need more than one field. */
const plainStep = z.strictObject({
  // Without it, a union would report a fork with an error as a step with unknown fields.
  branches: z
    .never({ error: NO_BRANCHES })
    .optional()
    .describe('An item with branches is a fork. 有分支的条目是分叉，不是步骤。'),
  ...described(STEP_HELP, {
    id,
    ...timing,
    before: duration.optional(),
    ifLate: z.enum(['hold', 'skip']).default('hold'),
    when: whenSchema.optional(),
    anytime: z.boolean().optional(),
    typing: duration.refine((ms) => ms >= SECOND_MS && ms <= 5 * SECOND_MS, 'must be 1s to 5s').optional(),
    send: messages.optional(),
    tag: tagNames.optional(),
    untag: tagNames.optional(),
    set: z.record(factName, factValue).optional(),
    webhook: id.optional(),
    handover: z
      .string(agentForm)
      .regex(/^[^@\s]{1,64}@[^@\s]{1,64}$/, agentForm)
      .optional(),
    go: id.optional(),
  }),
})
const stepSchema = plainStep.superRefine((step, ctx) => {
  if (ACTIONS.every((name) => step[name] === undefined))
    ctx.addIssue({
      code: 'custom',
      path: ['send'],
      message: 'is missing: a step needs send, tag, untag, set, webhook, handover or go',
      input: undefined,
    })
  const both = Array.isArray(step.tag) && Array.isArray(step.untag) ? step.untag : []
  if (both.some((name) => step.tag?.includes(name)))
    ctx.addIssue({
      code: 'custom',
      path: ['untag'],
      message: 'has a tag that is also in tag: write each tag in one of them',
    })
  for (const [path, message] of timingProblems(step)) ctx.addIssue({ code: 'custom', path: [path], message })
}, onAnyMap)

type Timing = { [K in keyof typeof timing | 'before' | 'typing' | 'send']?: unknown }

function timingProblems(given: Timing): [string, string][] {
  const found: [string, string][] = []
  if (given.day !== undefined && given.after !== undefined)
    found.push(['day', 'give after or day, not both: day counts calendar days'])
  if (given.day !== undefined && given.at === undefined)
    found.push(['day', 'day needs at: the time of that day'])
  if (given.days !== undefined && given.at === undefined) found.push(['days', 'days needs at'])
  if (given.before !== undefined) {
    const ofFact = typeof given.since === 'object' && given.since !== null
    if (!ofFact) found.push(['before', 'before needs since: { fact: name }'])
    for (const other of ['after', 'at', 'day'] as const)
      if (given[other] !== undefined) found.push(['before', `give before or ${other}, not both`])
  }
  if (given.typing !== undefined && given.send === undefined)
    found.push(['typing', 'typing needs send: it is shown before a message'])
  return found
}

export type CampaignStep = z.output<typeof stepSchema>

export interface CampaignBranch {
  name?: string | undefined
  on?: FileEvents | undefined
  when?: FileCondition | 'replied' | 'not-replied' | undefined
  /** Percent. */
  share?: number | undefined
  steps: CampaignItem[]
}
/** A place where the follower's way divides. Below it all go on together. */
export interface CampaignFork {
  id: string
  wait?: number | undefined
  after?: number | undefined
  at?: string | undefined
  day?: number | undefined
  days?: FileDays | undefined
  since: string | { fact: string }
  meanwhile?: CampaignStep[] | undefined
  branches: CampaignBranch[]
  else?: CampaignItem[] | undefined
}
export type CampaignItem = CampaignStep | CampaignFork | 'end'

const branch: z.ZodType<CampaignBranch> = z.lazy(() =>
  z.strictObject(
    described(BRANCH_HELP, {
      name: z.string().trim().min(1).max(64).optional(),
      on: runEvents.optional(),
      when: whenSchema.optional(),
      share: z.number().gt(0, 'must be more than 0').max(100).optional(),
      steps: z.array(itemSchema).default([]),
    }),
  ),
)
const forkSchema: z.ZodType<CampaignFork> = z.lazy(() =>
  z
    .strictObject(
      described(FORK_HELP, {
        id,
        ...timing,
        wait: duration.refine((ms) => ms >= SECOND_MS, 'must be at least 1s').optional(),
        meanwhile: z.array(meanwhileStep).optional(),
        branches: z.array(branch).min(1).max(BRANCHES_MAX),
        else: z.array(itemSchema).optional(),
      }),
    )
    .superRefine((fork, ctx) => {
      for (const [path, message] of forkProblems(fork)) ctx.addIssue({ code: 'custom', path, message })
    }, onAnyMap),
)
const MEANWHILE_STEPS_ONLY = 'meanwhile has steps only: a question inside a question has two answers'
const meanwhileStep: z.ZodType<CampaignStep> = z.lazy(() => {
  const step = stepSchema as unknown as z.ZodType<CampaignStep>
  return z
    .unknown()
    .superRefine((value, ctx) => {
      if (value === 'end' || (typeof value === 'object' && value !== null && 'branches' in value))
        ctx.addIssue({ code: 'custom', message: MEANWHILE_STEPS_ONLY })
    })
    .pipe(step)
})
export const itemSchema: z.ZodType<CampaignItem> = z.lazy(() =>
  z.union([stepSchema, forkSchema, z.literal('end')], {
    error: 'must be a step, a fork with branches, or end',
  }),
)

/** The kinds of branches. A branch has exactly one of these fields. */
const KINDS = ['on', 'when', 'share'] as const

function forkProblems(fork: Partial<Record<keyof CampaignFork, unknown>>): [(string | number)[], string][] {
  const found: [(string | number)[], string][] = timingProblems(fork).map(([path, message]) => [
    [path],
    message,
  ])
  const branches = (Array.isArray(fork.branches) ? fork.branches : []).filter(isRecord)
  const kinds = KINDS.filter((kind) => branches.some((b) => b[kind] !== undefined))
  const isMixed = branches.some((b) => KINDS.filter((kind) => b[kind] !== undefined).length !== 1)
  if (branches.length > 0 && (kinds.length !== 1 || isMixed)) {
    const here = kinds.length === 0 ? 'none' : kinds.join(' and ')
    const rule = 'branches of one fork are all on, all when or all share'
    found.push([['branches'], `${rule}; here stand ${here}${kinds.length === 1 ? ' and none' : ''}`])
    return found
  }
  const [kind] = kinds
  if (kind === 'on' && fork.wait === undefined)
    found.push([['wait'], 'a fork with on needs wait: how long the answer is listened for'])
  if (kind !== 'on' && kind !== undefined)
    for (const field of ['wait', 'meanwhile'] as const)
      if (fork[field] !== undefined)
        found.push([
          [field],
          `${field} belongs to branches with on: a fork by ${kind} is decided as soon as it is reached`,
        ])
  if (kind === 'on' || kind === 'share')
    for (const field of ['after', 'at', 'day', 'days'] as const)
      if (fork[field] !== undefined)
        found.push([
          [field],
          `${field} belongs to branches with when: a fork by ${kind} begins when it is reached`,
        ])
  if (kind === 'share') found.push(...shareProblems(branches))
  return found
}

function shareProblems(branches: readonly Record<string, unknown>[]): [(string | number)[], string][] {
  // A share over 100 has its own error.
  if (branches.some(({ share }) => typeof share === 'number' && share > 100)) return []
  let sum = 0
  for (const [i, { share }] of branches.entries()) {
    sum += typeof share === 'number' ? share : 0
    if (sum > 100) {
      const total = branches.reduce((all, b) => all + (typeof b.share === 'number' ? b.share : 0), 0)
      return [[['branches', i, 'share'], `the shares add up to ${total}: at most 100, else takes the rest`]]
    }
  }
  return []
}

export function isFork(item: CampaignItem): item is CampaignFork {
  return typeof item === 'object' && 'branches' in item
}

/** The longest quiet stretch that `spread` may move a message by. */
export const SPREAD_MAX_MS = 60 * MINUTE_MS
