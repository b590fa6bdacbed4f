import type { z } from 'zod'
import { isRecord } from '../../shared/is-record.ts'
import { storableText, truncateText } from '../../shared/text.ts'

/**
 * WeChat's answer to a call, in the classes of docs/contract.md#4-sending:
 * - `answered`: an answer with its errcode.
 * - `failed`: certainly not processed. `unconnected`: no connection was made.
 * - `unclear`: the call may have been processed.
 * - `malformed`: the answer does not have the documented shape, such as a proxy's page, an empty body or a missing field. The
 *   call may have been processed.
 *
 * A reason contains no values of an answer, because they may be secrets.
 */
export type WechatAnswer<T> =
  | { kind: 'answered'; errcode: number; errmsg: string; rid: string | null; data: T | null }
  | { kind: 'failed'; reason: string; unconnected?: true }
  | { kind: 'unclear'; after: 'timeout' | 'lost' | 'http'; reason: string }
  | { kind: 'malformed'; reason: string }

/** WeChat's messages are shorter. A longer text is truncated. */
const ERRMSG_MAX = 500
/** A gateway rejects the call temporarily, which is handled like a 5xx. */
const TOO_MANY_REQUESTS = 429

/**
 * Reads one answer. `data` is present exactly when the errcode is 0 and the answer fits `shape`.
 * @param status HTTP status; with 5xx the body is a gateway's and is not read
 */
export function readAnswer<T>(status: number, text: string, shape: z.ZodType<T>): WechatAnswer<T> {
  if (status === 503) return { kind: 'failed', reason: 'HTTP 503' }
  if (status >= 500) return { kind: 'unclear', after: 'http', reason: `HTTP ${status} without WeChat's JSON` }
  const json = parseStorable(text)
  // An answer without an errcode is a success, unless its status shows that it is a gateway's JSON error.
  const foreign = status >= 300 && !(isRecord(json) && 'errcode' in json)
  if (!isRecord(json) || foreign) {
    const reason = `HTTP ${status} without WeChat's JSON`
    return status === TOO_MANY_REQUESTS
      ? { kind: 'unclear', after: 'http', reason }
      : { kind: 'malformed', reason }
  }
  const { errcode = 0 } = json
  if (!Number.isSafeInteger(errcode))
    return { kind: 'malformed', reason: `HTTP ${status}, the errcode is not an integer` }
  const errmsg = typeof json.errmsg === 'string' ? truncateText(json.errmsg, ERRMSG_MAX) : ''
  const rid = /rid: ?([\w-]+)/.exec(errmsg)?.[1] ?? null
  const base = { kind: 'answered' as const, errcode: Number(errcode), errmsg, rid }
  if (base.errcode !== 0) return { ...base, data: null }
  const parsed = shape.safeParse(json)
  if (parsed.success) return { ...base, data: parsed.data }
  return { kind: 'malformed', reason: `HTTP ${status}, the answer does not fit: ${pathsOf(parsed.error)}` }
}

/** The paths where the answer does not fit, with the expected types. It contains no values. */
function pathsOf({ issues }: z.ZodError): string {
  const named = issues.slice(0, 3).map((issue) => {
    const expected = 'expected' in issue ? ` (expected ${String(issue.expected)})` : ''
    return `${issue.path.join('.') || 'the root'}${expected}`
  })
  return named.join(', ')
}

/**
 * Parses JSON, replaces characters that a store refuses in its texts, and drops null fields, which mean the same as absent
 * ones. Returns undefined for a text that is not JSON.
 */
function parseStorable(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown) => {
      if (typeof value === 'string') return storableText(value)
      return isRecord(value) ? withoutNulls(value) : value
    })
  } catch {
    return undefined
  }
}

function withoutNulls(record: Record<string, unknown>): Record<string, unknown> {
  return Object.values(record).includes(null)
    ? Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null))
    : record
}
