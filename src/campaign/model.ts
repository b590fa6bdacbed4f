import { z } from 'zod'
import { MINUTE_MS } from '../shared/time-units.ts'
import { LONGEST_WINDOW_MS } from '../wechat/rules/rules.ts'
import { parseDuration } from './duration.ts'
import { excerpt } from './issue.ts'

/**
 * The schema of a campaign file: every field, its form and its default. Source:
 * docs/contract.md#5-campaign-file-yaml-12-or-json-json-schema-at-apicampaignschemajson.
 *
 * A message states the problem of the field, and after a colon the remedy. `schema-issue.ts` has the messages of the rules
 * without one here.
 */

/** A file with more steps is refused, and its other steps are not checked. */
export const STEPS_MAX = 100

const duration = z.string().transform((text, ctx) => {
  const ms = parseDuration(text)
  if (ms === null)
    ctx.addIssue({
      code: 'custom',
      message: `"${excerpt(text)}" is not a duration: write a whole number and s, m, h or d, like 20s or 22h`,
    })
  return ms ?? 0
})

const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must have lowercase letters, digits and hyphens only, at most 64')
/** A number such as 2025 is accepted in JSON files: as a keyword or a scene it means its text. */
const word = z
  .union([z.string(), z.number().int()], { error: 'must be a text' })
  .transform(String)
  .pipe(z.string().trim().min(1).max(64))
/** WeChat's limit of a tag name. */
const tagName = word.pipe(z.string().max(30))
/** WeChat lets a follower have 20 tags. */
const tagNames = z.array(tagName).min(1).max(20)
const template = z.string().min(1)
const url = z.string().min(1).max(1024)

const file = { file: z.string().min(1).optional(), mediaId: z.string().min(1).optional() }
const oneSource = { message: 'must have either file or mediaId' }
const hasOneSource = (m: { file?: string | undefined; mediaId?: string | undefined }) =>
  !m.file !== !m.mediaId
const medium = z.strictObject(file).refine(hasOneSource, oneSource)

const text = template
const video = z
  .strictObject({
    ...file,
    thumb: z.string().min(1),
    title: z.string().max(64).optional(),
    description: z.string().max(512).optional(),
  })
  .refine(hasOneSource, oneSource)
const music = z.strictObject({
  title: z.string().min(1).max(64),
  description: z.string().min(1).max(512),
  url,
  hqUrl: url.optional(),
  thumb: z.string().min(1),
})
const news = z.strictObject({
  title: template.max(64),
  description: template.max(512),
  url,
  picurl: url,
})
const menu = z.strictObject({
  head: template,
  items: z
    .array(z.strictObject({ id: z.string().min(1).max(64), text: z.string().min(1).max(64) }))
    .min(1)
    .max(10),
  tail: template.optional(),
})
const miniprogram = z.strictObject({
  title: z.string().min(1).max(64),
  appId: z.string().min(1),
  path: z.string().min(1).max(1024),
  thumb: z.string().min(1),
})

const kinds = {
  text: text.optional(),
  image: medium.optional(),
  voice: medium.optional(),
  video: video.optional(),
  music: music.optional(),
  news: news.optional(),
  menu: menu.optional(),
  miniprogram: miniprogram.optional(),
  article: z.strictObject({ id: z.string().min(1) }).optional(),
  card: z.strictObject({ id: z.string().min(1) }).optional(),
}
export const MESSAGE_KINDS = Object.keys(kinds) as MessageKind[]
/** The kinds that WeChat accepts as a passive reply. */
const { text: t, image, voice, video: v, music: m, news: n } = kinds
const replyKinds = { text: t, image, voice, video: v, music: m, news: n }

const exactlyOne = (allowed: string[]) => (message: Record<string, unknown>, ctx: z.RefinementCtx) => {
  const given = allowed.filter((kind) => message[kind] !== undefined)
  if (given.length !== 1) {
    ctx.addIssue({
      code: 'custom',
      message: `must have exactly one of ${allowed.join(', ')}${given.length ? `, not ${given.join(' and ')}` : ''}`,
    })
  }
}

export const messageSchema = z
  .strictObject({ ...kinds, as: z.string().min(1).optional() })
  .superRefine(exactlyOne(Object.keys(kinds)))
const replySchema = z.strictObject(replyKinds).superRefine(exactlyOne(Object.keys(replyKinds)))

const whenForms = {
  error:
    'must be replied, not-replied, { tag: name }, { qrScene: scene } or { subscribeScene: ADD_SCENE_QR_CODE }',
}
/** The condition of a step: about the run, or about the follower at WeChat. */
const whenSchema = z.union(
  [
    z.enum(['replied', 'not-replied']),
    z
      .strictObject({
        tag: tagName.optional(),
        qrScene: word.optional(),
        subscribeScene: word.optional(),
      })
      .refine((asked) => Object.values(asked).filter((x) => x !== undefined).length === 1, whenForms),
  ],
  whenForms,
)

/** A step without the rules that need more than one field. */
export const plainStep = z.strictObject({
  id,
  after: duration,
  since: z.enum(['entry', 'reply', 'previous']).default('previous'),
  ifLate: z.enum(['hold', 'skip']).default('hold'),
  when: whenSchema.optional(),
  send: messageSchema.optional(),
  tag: tagNames.optional(),
  untag: tagNames.optional(),
})
const stepSchema = plainStep
  .refine((step) => step?.send !== undefined || step?.tag !== undefined || step?.untag !== undefined, {
    path: ['send'],
    message: 'is missing: a step needs send, tag or untag',
    // Runs although other fields are invalid, so that all errors are reported at once.
    when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value),
  })
  .refine(({ tag = [], untag = [] }) => !tag.some((name) => untag.includes(name)), {
    path: ['untag'],
    message: 'has a tag that is also in tag: write each tag in one of them',
  })

const entrySchema = z.strictObject({
  event: z.enum(['subscribe', 'scan', 'click', 'message']),
  qrScenes: z.array(word).min(1).optional(),
  keys: z.array(word).min(1).optional(),
  keywords: z.array(word).min(1).optional(),
})

export const campaignSchema = z.strictObject({
  id,
  name: z.string().min(1).max(100),
  accounts: z.array(z.string().min(1)).min(1).optional(),
  priority: z.number().int().min(-1000).max(1000).default(0),
  entry: entrySchema,
  reply: replySchema.optional(),
  steps: z.array(stepSchema).min(1, 'is empty: a campaign needs at least one step').max(STEPS_MAX),
  spacing: duration.default(2_000),
  window: duration
    .refine((ms) => ms >= MINUTE_MS && ms <= LONGEST_WINDOW_MS, 'must be 1m to 48h')
    .default(LONGEST_WINDOW_MS),
  reentry: z
    .union([z.literal('always'), z.literal('never'), z.strictObject({ after: duration })], {
      error: 'must be always, never or { after: 30d }',
    })
    .default('always'),
  exit: z.strictObject({ keywords: z.array(word).min(1) }).optional(),
})

/**
 * Reads the valid parts of a file with errors. Invalid parts are left out, so that the rest can be checked and all errors are
 * reported at once.
 */
const draftMessage = z.unknown().transform((raw) => ({
  raw,
  /** The kinds whose content is valid. */
  known: Object.fromEntries(
    Object.entries(kinds).flatMap(([kind, schema]) => {
      const { data } = schema.safeParse((raw as Record<string, unknown> | null | undefined)?.[kind])
      return data === undefined ? [] : [[kind, data]]
    }),
  ) as Partial<Message>,
}))
const noMessage = { raw: null, known: {} }
export const draftSchema = z
  .object({
    id: id.optional().catch(undefined),
    window: campaignSchema.shape.window.catch(LONGEST_WINDOW_MS),
    steps: z
      .array(
        z
          .object({
            id: id.optional().catch(undefined),
            after: duration.optional().catch(undefined),
            since: plainStep.shape.since.catch('entry'),
            send: draftMessage.default(noMessage),
          })
          .catch({ since: 'entry', send: noMessage }),
      )
      .catch([]),
    reply: draftMessage.default(noMessage),
  })
  .catch({ window: LONGEST_WINDOW_MS, steps: [], reply: noMessage })
export type DraftMessage = z.output<typeof draftMessage>

/** A checked campaign; durations in ms. */
export type Campaign = z.output<typeof campaignSchema>
type CampaignStep = Campaign['steps'][number]
/** The message of a step. Exactly one kind is set. */
export type Message = NonNullable<CampaignStep['send']>
export type Reply = NonNullable<Campaign['reply']>
export type MessageKind = keyof typeof kinds

/** The kind of a message. */
export function kindOf(message: Message | Reply): MessageKind {
  const found = MESSAGE_KINDS.find((kind) => (message as Message)[kind] !== undefined)
  // The schema refuses a message without a kind.
  return found ?? 'text'
}
