import { z } from '@hono/zod-openapi'
import { parseDuration } from '../../campaign/duration.ts'
import { DAY_MS } from '../../shared/time-units.ts'
import { checkMenu, type Menu } from '../../wechat/rules/menu.ts'
import { isoTime } from './common-schemas.ts'

export const medium = z
  .object({ id: z.string(), type: z.enum(['image', 'voice', 'video', 'thumb']), bytes: z.number() })
  .openapi('Medium')

export const listedMedium = z
  .object({
    id: z.string(),
    type: z.enum(['image', 'voice', 'video', 'thumb']),
    contentType: z.string(),
    filename: z.string(),
    bytes: z.number(),
    createdAt: isoTime,
    campaigns: z
      .array(z.string())
      .openapi({ description: 'The campaigns that send it, in their present version.' }),
    uploads: z.array(z.object({ appId: z.string(), type: z.string(), expiresAt: isoTime })).openapi({
      description: 'Its copies at WeChat. An expired one is uploaded again before the next send.',
    }),
  })
  .openapi('ListedMedium')

const MAX_QR_LIFETIME_MS = 30 * DAY_MS

export const newQrcode = z
  .strictObject({
    appId: z.string().min(1).max(64),
    qrScene: z.string().min(1).max(64),
    campaign: z.string().min(1).max(64).optional(),
    expires: z
      .string()
      .refine((text) => {
        const ms = parseDuration(text)
        return ms !== null && ms > 0 && ms <= MAX_QR_LIFETIME_MS
      }, 'must be a duration from 1s to 30d; without it, the code is permanent')
      .optional(),
  })
  .openapi('NewQrcode')

const qrcodeFields = {
  id: z.number(),
  appId: z.string(),
  qrScene: z.string(),
  campaign: z.string().nullable(),
  ticket: z.string(),
  url: z.string(),
  imageUrl: z.string(),
  expiresAt: isoTime.nullable(),
  createdAt: isoTime,
  createdBy: z.string(),
}
export const qrcode = z.object(qrcodeFields).openapi('Qrcode')
export const listedQrcode = z
  .object({
    ...qrcodeFields,
    entries: z.number().openapi({ description: 'The runs in the store that began with a scan of it.' }),
  })
  .openapi('ListedQrcode')

const buttons = z.array(z.record(z.string(), z.unknown()))

/** WeChat's own JSON. It is checked as a whole, so all errors are reported at once. */
export const menuFile = z
  .unknown()
  .transform((value, ctx): Menu => {
    const found = checkMenu(value)
    for (const { path, message } of found)
      ctx.addIssue({ code: 'custom', path: path ? path.split('.') : [], message })
    // Without errors, the value has the shape of a menu.
    return found.length > 0 ? z.NEVER : (value as Menu)
  })
  .openapi('MenuFile', {
    type: 'object',
    required: ['button'],
    properties: { button: { type: 'array', items: { type: 'object' } } },
    description:
      'The body of WeChat’s menu/create: {button: [{type, name, key | url | …} | {name, sub_button}]}',
  })

export const menu = z.object({ source: z.enum(['api', 'console']), button: buttons }).openapi('Menu')
export const savedMenu = z.object({ savedAt: isoTime, button: buttons }).openapi('SavedMenu')
