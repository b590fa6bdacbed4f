import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { ApiError, refused } from '../api-error.ts'

/** `If-Match` and `If-None-Match`, as RFC 9110 has them. The answer to another state is 409 with both, not 412 without a body. */
export const expectationHeaders = z.object({
  'if-match': z.string().optional().openapi({
    description: 'The number that the caller has read, like `"3"`. 409 when it is not the current one.',
  }),
  'if-none-match': z.string().optional().openapi({ description: '`*`: 409 when there is one already.' }),
})

/** The strong ETag of a version or revision, as `If-Match` repeats it. */
export const etag = (number: number): string => `"${number}"`

/**
 * The version or revision that a call expects, from `If-Match` and `If-None-Match`.
 * @returns undefined: any; 0: none yet
 * @throws ApiError 422 for another form
 */
export function expectedNumber(c: Context): number | undefined {
  const [match, noneMatch] = [c.req.header('if-match'), c.req.header('if-none-match')]
  const issue = (path: string, message: string) => refused('A header is invalid.', [{ path, message }])
  if (noneMatch !== undefined) {
    if (noneMatch.trim() !== '*') throw issue('if-none-match', 'must be *')
    if (match !== undefined) throw issue('if-none-match', 'give either if-match or if-none-match')
    return 0
  }
  if (match === undefined || match.trim() === '*') return undefined
  const [, number] = /^\s*(?:W\/)?"?([1-9]\d{0,8})"?\s*$/.exec(match) ?? []
  if (number === undefined) throw issue('if-match', 'must be one number, like "3"')
  return Number(number)
}

/** What is there in place of what the caller expected. */
export interface CurrentState {
  /** 0: nothing. */
  number: number
  at: number | null
  by: string | null
}

/** 409 with the expected and the current version or revision, so that the caller can show both. */
export function versionConflict(
  what: string,
  noun: 'version' | 'revision',
  expected: number,
  { number, at, by }: CurrentState,
): ApiError {
  const when =
    at === null ? '' : `, ${noun === 'version' ? 'published' : 'saved'} ${new Date(at).toISOString()}`
  const who = by === null ? '' : ` by ${by}`
  const now = number === 0 ? 'there is none now' : `the current one is ${noun} ${number}${when}${who}`
  const then = expected === 0 ? 'You expected none' : `You expected ${noun} ${expected}`
  const header = number === 0 ? 'If-None-Match: *' : `If-Match: ${etag(number)}`
  const message = `Somebody else has changed ${what}. ${then}; ${now}. Read it again, compare, and repeat the call with ${header}.`
  const current = number === 0 ? null : { [noun]: number, at: at && new Date(at).toISOString(), by }
  return new ApiError(409, 'conflict', message, undefined, undefined, { expected, current })
}
