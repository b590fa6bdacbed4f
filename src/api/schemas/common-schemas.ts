import { z } from '@hono/zod-openapi'
import { inOneLine, withoutControlCharacters } from '../../shared/text.ts'

export const appIdParam = z.object({ appId: z.string().min(1).max(64) })

/** A whole number from 1 as a field of a JSON body: a text or a truth value is none. */
export const wholeNumber = (most: number) => z.number().int().min(1).max(most)

/** The largest number of a version of a campaign. */
export const MAX_VERSION = 2 ** 31 - 1

/** The same in a path or in a query, which have texts only: in decimal digits. */
export const writtenNumber = (most: number) =>
  z.preprocess(
    (text) => (typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : text),
    z.number('must be a whole number in decimal digits').int().min(1).max(most),
  )

export const page = z.strictObject({
  cursor: z.string().optional(),
  limit: writtenNumber(200).default(50),
})

/**
 * A note, a reason or a name that a person types: one line, without control characters, which nobody sees in the field where
 * they are pasted.
 * @param most characters
 */
export const typedLine = (most: number) => z.string().overwrite(inOneLine).max(most)

/** A text of several lines that a person types, without control characters. @param most characters */
export const typedText = (most: number) => z.string().overwrite(withoutControlCharacters).max(most)

/** A choice in the query. */
export const flag = z.enum(['true', 'false']).optional()

/** What an openId begins with. */
export const beginningOfOpenId = z
  .string()
  .regex(/^[\w-]{1,128}$/, 'must be an openId, or its beginning: letters, digits, _ and -')
  .openapi({ description: 'An openId, or its beginning.' })

/** A page of items; `next` is the cursor of the next page. */
export const listOf = (item: z.ZodType) => z.object({ items: z.array(item), next: z.string().nullable() })

export const isoTime = z.string().openapi({ format: 'date-time' })

export const issue = z.object({
  path: z.string(),
  message: z.string(),
  line: z.number().optional(),
  column: z.number().optional(),
  rule: z.string().optional(),
  hint: z.string().optional(),
})

export const errorBody = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      issues: z.array(issue).optional(),
      expected: z.number().optional().openapi({ description: 'Of a conflict: the version that you gave.' }),
      current: z
        .looseObject({ at: isoTime.nullable(), by: z.string().nullable() })
        .nullable()
        .optional()
        .openapi({ description: 'Of a conflict: the version or revision that is there; null: none.' }),
    }),
  })
  .openapi('Error')

/** The rules profile of an account. */
export const rules = z.enum(['wechat-2023', 'classic-48h'])

/** The state of a step. */
export const stepState = z.enum(['pending', 'held', 'sending', 'sent', 'skipped', 'unknown'])
