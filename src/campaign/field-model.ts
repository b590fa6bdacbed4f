import { z } from 'zod'
import { FACT_NAME, FACT_NAME_RULE, MAX_FACT_CHARS } from '../shared/facts.ts'
import { isRecord } from '../shared/is-record.ts'
import { parseDuration } from './duration.ts'
import { described, LEAST_HELP, MOST_HELP } from './field-help.ts'
import { inOneUnit } from './fixes/written-duration.ts'
import { excerpt } from './issue.ts'

/** The schemas of fields that several parts of a campaign file share. */

/** For editors: the JSON Schema of a field with a form of its own. */
const formOf = (pattern: string) => z.string().meta({ pattern })

/** A duration like `22h`. Its output is in ms. */
export const duration = formOf('^[0-9]{1,6}[smhd]$').transform((text, ctx) => {
  const ms = parseDuration(text)
  if (ms === null) {
    const written = inOneUnit(text)
    const message = written
      ? `"${excerpt(text)}" is not a duration: write one unit only, ${written}`
      : `"${excerpt(text)}" is not a duration: write a whole number and s, m, h or d, like 20s or 22h`
    ctx.addIssue({ code: 'custom', message })
  }
  return ms ?? 0
})

export const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must have lowercase letters, digits and hyphens only, at most 64')

/** A number such as 2025 is accepted in JSON files: as a keyword or a scene it means its text. */
export const word = z
  .union([z.string(), z.number().int()], { error: 'must be a text' })
  .transform(String)
  .pipe(z.string().trim().min(1).max(64))
export const words = z.array(word).min(1)

/** WeChat's limit of a tag name. */
export const tagName = word.pipe(z.string().max(30))
/** WeChat lets a follower have 20 tags. */
export const tagNames = z.array(tagName).min(1).max(20)

/** A time of day from `00:00` to `23:59`. Its output is the text, because the time zone is that of each account. */
export const clockTime = formOf('^([01][0-9]|2[0-3]):[0-5][0-9]$').superRefine((text, ctx) => {
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(text))
    ctx.addIssue({ code: 'custom', message: `"${excerpt(text)}" is no time: write it like 09:00` })
})

export const factName = z.string().regex(FACT_NAME, FACT_NAME_RULE)
const factForms = { error: 'must be a text, a number, true or false' }
export const factValue = z.union([z.string().max(MAX_FACT_CHARS), z.number(), z.boolean()], factForms)
const testForms = {
  error: 'must be a value, a list of values, { atLeast: number } or { atMost: number }',
}
export const factTests = z.record(
  factName,
  z.union(
    [
      factValue,
      z.array(factValue).min(1),
      z.strictObject(described(LEAST_HELP, { atLeast: z.number(testForms) })),
      z.strictObject(described(MOST_HELP, { atMost: z.number(testForms) })),
    ],
    testForms,
  ),
)

/** Runs a rule although other fields are invalid, so that all errors are reported at once. */
export const onAnyMap = {
  when: ({ value }: { value: unknown }) => isRecord(value),
}
