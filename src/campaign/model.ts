import { z } from 'zod'
import { LONGEST_WINDOW_MS } from '../wechat/rules/rules.ts'
import { parseDuration } from './duration.ts'
import { excerpt } from './issue.ts'

/** The campaign file (section 5 of docs/contract.md): every field, its form and its default. */

/** More are refused before anything of them is read. */
export const STEPS_MAX = 100

const MINUTE = 60_000

const duration = z.string().transform((text, ctx) => {
  const ms = parseDuration(text)
  if (ms === null)
    ctx.addIssue({
      code: 'custom',
      message: `"${excerpt(text)}" is no duration: write a whole number and s, m, h or d, like 20s or 22h`,
    })
  return ms ?? 0
})

const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'an id has lowercase letters, digits and hyphens, at most 64')
/** A bare 1 or 2025 in YAML is a number; as a keyword or a scene it means its text. */
const word = z
  .union([z.string(), z.number().int()], { error: 'write a text' })
  .transform(String)
  .pipe(z.string().trim().min(1).max(64))
/** WeChat's limit of a tag's name. */
const tagName = word.pipe(z.string().max(30, 'a tag has at most 30 characters'))
/** WeChat lets a follower have 20 tags. */
const tagNames = z.array(tagName).min(1).max(20)
const template = z.string().min(1)
const url = z.string().min(1).max(1024)

const file = { file: z.string().min(1).optional(), mediaId: z.string().min(1).optional() }
const oneSource = { message: 'give either file or mediaId' }
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
/** WeChat takes these as a passive reply, and no others. */
const { text: t, image, voice, video: v, music: m, news: n } = kinds
const replyKinds = { text: t, image, voice, video: v, music: m, news: n }

const exactlyOne = (allowed: string[]) => (message: Record<string, unknown>, ctx: z.RefinementCtx) => {
  const given = allowed.filter((kind) => message[kind] !== undefined)
  if (given.length !== 1) {
    ctx.addIssue({
      code: 'custom',
      message: `give exactly one of ${allowed.join(', ')}${given.length ? `, not ${given.join(' and ')}` : ''}`,
    })
  }
}

export const messageSchema = z
  .strictObject({ ...kinds, as: z.string().min(1).optional() })
  .superRefine(exactlyOne(Object.keys(kinds)))
const replySchema = z.strictObject(replyKinds).superRefine(exactlyOne(Object.keys(replyKinds)))

const whenForms = {
  error:
    'when is replied, not-replied, { tag: name }, { qrScene: scene } or { subscribeScene: ADD_SCENE_QR_CODE }',
}
/** What must be true for a step to go: of the run, or of the follower as WeChat knows it. */
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

const plainStep = z.strictObject({
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
    // Also beside other errors, so that all show at once.
    when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value),
  })
  .refine(({ tag = [], untag = [] }) => !tag.some((name) => untag.includes(name)), {
    path: ['untag'],
    message: 'a tag stands in tag and in untag',
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
  steps: z.array(stepSchema).min(1, 'a campaign needs at least one step').max(STEPS_MAX),
  spacing: duration.default(2_000),
  window: duration
    .refine((ms) => ms >= MINUTE && ms <= LONGEST_WINDOW_MS, 'a window is 1m to 48h')
    .default(LONGEST_WINDOW_MS),
  reentry: z
    .union([z.literal('always'), z.literal('never'), z.strictObject({ after: duration })], {
      error: 'reentry is always, never or { after: 30d }',
    })
    .default('always'),
  exit: z.strictObject({ keywords: z.array(word).min(1) }).optional(),
})

/**
 * A file with errors, as far as it can be read: what is wrong by itself is left out, so that the rest is checked too and
 * all errors show at once.
 */
const draftMessage = z.unknown().transform((raw) => ({
  raw,
  /** Those of its kinds that are right by themselves. */
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
/** One step's message: exactly one kind is set. */
export type Message = NonNullable<CampaignStep['send']>
export type Reply = NonNullable<Campaign['reply']>
export type MessageKind = keyof typeof kinds

/** Which kind a message is. */
export function kindOf(message: Message | Reply): MessageKind {
  const found = MESSAGE_KINDS.find((kind) => (message as Message)[kind] !== undefined)
  // The schema lets no message without a kind pass.
  return found ?? 'text'
}
