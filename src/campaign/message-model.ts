import { z } from 'zod'
import {
  described,
  ID_HELP,
  MEDIUM_HELP,
  MENU_HELP,
  MENU_ITEM_HELP,
  MESSAGE_HELP,
  MINIPROGRAM_HELP,
  MUSIC_HELP,
  NEWS_HELP,
  VIDEO_HELP,
} from './field-help.ts'

/** The schema of a message in a campaign file: one kind, and its fields. */

const template = z.string().min(1)
const url = z.string().min(1, 'is empty: write an address').max(1024)

const file = { file: z.string().min(1).optional(), mediaId: z.string().min(1).optional() }
const oneSource = { message: 'must have either file or mediaId' }
const hasOneSource = (m: { file?: string | undefined; mediaId?: string | undefined }) =>
  !m.file !== !m.mediaId
const medium = z.strictObject(described(MEDIUM_HELP, file)).refine(hasOneSource, oneSource)

const text = template
const video = z
  .strictObject(
    described(VIDEO_HELP, {
      ...file,
      thumb: z.string().min(1),
      title: z.string().max(64).optional(),
      description: z.string().max(512).optional(),
    }),
  )
  .refine(hasOneSource, oneSource)
const music = z.strictObject(
  described(MUSIC_HELP, {
    title: z.string().min(1).max(64),
    description: z.string().min(1).max(512),
    url,
    hqUrl: url.optional(),
    thumb: z.string().min(1),
  }),
)
const news = z.strictObject(
  described(NEWS_HELP, {
    title: template.max(64),
    description: template.max(512),
    url,
    picurl: url,
  }),
)
const menuItem = z.strictObject(
  described(MENU_ITEM_HELP, { id: z.string().min(1).max(64), text: z.string().min(1).max(64) }),
)
const menu = z.strictObject(
  described(MENU_HELP, {
    head: template,
    items: z.array(menuItem).min(1).max(10),
    tail: template.optional(),
  }),
)
const miniprogram = z.strictObject(
  described(MINIPROGRAM_HELP, {
    title: z.string().min(1).max(64),
    appId: z.string().min(1),
    path: z.string().min(1).max(1024),
    thumb: z.string().min(1),
  }),
)

const kinds = {
  text: text.optional(),
  image: medium.optional(),
  voice: medium.optional(),
  video: video.optional(),
  music: music.optional(),
  news: news.optional(),
  menu: menu.optional(),
  miniprogram: miniprogram.optional(),
  article: z.strictObject(described(ID_HELP, { id: z.string().min(1) })).optional(),
  card: z.strictObject(described(ID_HELP, { id: z.string().min(1) })).optional(),
}
export const MESSAGE_KINDS = Object.keys(kinds) as MessageKind[]
/** The kinds that WeChat accepts as a passive reply. */
const { text: t, image, voice, video: v, music: m, news: n } = kinds
const replyKinds = { text: t, image, voice, video: v, music: m, news: n }
export const REPLY_KINDS = Object.keys(replyKinds)

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
  .strictObject(described(MESSAGE_HELP, { ...kinds, as: z.string().min(1).optional() }))
  .superRefine(exactlyOne(MESSAGE_KINDS))
export const replySchema = z
  .strictObject(described(MESSAGE_HELP, replyKinds))
  .superRefine(exactlyOne(REPLY_KINDS))

/** The message of a step. Exactly one kind is set. */
export type Message = z.output<typeof messageSchema>
export type Reply = z.output<typeof replySchema>
export type MessageKind = keyof typeof kinds

/**
 * The valid parts of a message with errors. Invalid parts are left out, so that the rest can be checked and all errors are
 * reported at once.
 */
export interface DraftMessage {
  raw: unknown
  /** The kinds with valid content. */
  known: Partial<Message>
}

export function draftMessage(raw: unknown): DraftMessage {
  const known = Object.entries(kinds).flatMap(([kind, schema]) => {
    const { data } = schema.safeParse((raw as Record<string, unknown> | null | undefined)?.[kind])
    return data === undefined ? [] : [[kind, data]]
  })
  return { raw, known: Object.fromEntries(known) as Partial<Message> }
}

/** The kind of a message. */
export function kindOf(message: Message | Reply): MessageKind {
  const found = MESSAGE_KINDS.find((kind) => (message as Message)[kind] !== undefined)
  // The schema refuses a message without a kind.
  return found ?? 'text'
}
