import type { z } from 'zod'
import { storableText, truncateText } from '../../shared/text.ts'

/**
 * WeChat's answer to a call, told apart as contract section 4 needs it: an answer with its errcode; certainly not
 * processed (`failed`; `unconnected` when no connection was made); nobody knows (`unclear`), since the call is not
 * idempotent; or an answer that is not of the shape that WeChat documents for this call (`malformed`: a page of a proxy, an
 * empty body, a field that is missing or of another type). Of a malformed answer nobody knows either whether the call was
 * done. No reason holds anything of an answer's values: they may be secrets.
 */
export type WechatAnswer<T> =
  | { kind: 'answered'; errcode: number; errmsg: string; rid: string | null; data: T | null }
  | { kind: 'failed'; reason: string; unconnected?: true }
  | { kind: 'unclear'; after: 'timeout' | 'lost' | 'http'; reason: string }
  | { kind: 'malformed'; reason: string }

/** WeChat's own messages are shorter; what is longer came from elsewhere. */
const ERRMSG_MAX = 500
/** A gateway that turns a call away for now: as good as a 5xx. */
const TOO_MANY_REQUESTS = 429

/**
 * Reads one answer. `data` is there exactly when the errcode is 0 and the answer fits `shape`.
 * @param status HTTP status; with 5xx the body is a gateway's, whatever it says
 */
export function readAnswer<T>(status: number, text: string, shape: z.ZodType<T>): WechatAnswer<T> {
  if (status === 503) return { kind: 'failed', reason: 'HTTP 503' }
  if (status >= 500) return { kind: 'unclear', after: 'http', reason: `HTTP ${status} without WeChat's JSON` }
  const json = parseStorable(text)
  // What WeChat answers without an errcode is a success; a gateway's own JSON error has none either.
  const foreign = status >= 300 && !(isRecord(json) && 'errcode' in json)
  if (!isRecord(json) || foreign) {
    const reason = `HTTP ${status} without WeChat's JSON`
    return status === TOO_MANY_REQUESTS
      ? { kind: 'unclear', after: 'http', reason }
      : { kind: 'malformed', reason }
  }
  const { errcode = 0 } = json
  if (!Number.isSafeInteger(errcode))
    return { kind: 'malformed', reason: `HTTP ${status}, the errcode is no whole number` }
  const errmsg = typeof json.errmsg === 'string' ? truncateText(json.errmsg, ERRMSG_MAX) : ''
  const rid = /rid: ?([\w-]+)/.exec(errmsg)?.[1] ?? null
  const base = { kind: 'answered' as const, errcode: Number(errcode), errmsg, rid }
  if (base.errcode !== 0) return { ...base, data: null }
  const parsed = shape.safeParse(json)
  if (parsed.success) return { ...base, data: parsed.data }
  return { kind: 'malformed', reason: `HTTP ${status}, the answer does not fit: ${pathsOf(parsed.error)}` }
}

/** Where the answer does not fit, and what should be there. Never what is there. */
function pathsOf({ issues }: z.ZodError): string {
  const named = issues.slice(0, 3).map((issue) => {
    const expected = 'expected' in issue ? ` (expected ${String(issue.expected)})` : ''
    return `${issue.path.join('.') || 'the whole'}${expected}`
  })
  return named.join(', ')
}

/**
 * JSON with texts that every store takes, without the fields that are null: they say as much as absent ones. Undefined when
 * it is no JSON.
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

function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === 'object' && x !== null && !Array.isArray(x)
}
