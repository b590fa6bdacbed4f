import { createRoute, OpenAPIHono, type z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ConfigCache } from '../../callback/config/config-cache.ts'
import type { SkewMonitor } from '../../callback/skew-monitor.ts'
import { isUnquoted, QUOTE_HINT } from '../../campaign/issue.ts'
import type { Log } from '../../shared/log.ts'
import type { Metrics } from '../../shared/metrics.ts'
import { isStorable, truncateText } from '../../shared/text.ts'
import type { AccountStore } from '../../store/accounts/account-store.ts'
import type { CampaignStore } from '../../store/campaigns/campaign-store.ts'
import type { Db } from '../../store/db.ts'
import type { Sealer } from '../../store/encryption/sealer.ts'
import { createApiTokenStore } from '../../store/users/api-token-store.ts'
import { amendAudit, writeAudit } from '../../store/users/audit-log.ts'
import { createUserStore } from '../../store/users/user-store.ts'
import type { TemporalConnection } from '../../temporal/connection.ts'
import type { NamespaceGuard } from '../../temporal/namespace-guard.ts'
import type { RunClient } from '../../temporal/run-client.ts'
import type { WechatClient } from '../../wechat/api/client.ts'
import type { TokenProvider } from '../../wechat/api/tokens.ts'
import { type ApiError, type ApiIssue, refused } from '../api-error.ts'
import { errorBody, type keyRotation, listOf, page } from '../schemas/api-schemas.ts'

/** Of a failure's message in the audit log, in characters. */
const MAX_FAILURE_CHARS = 300

export type KeyRotation = z.output<typeof keyRotation>

/** What the API takes from the program. */
export interface ApiDeps {
  db: Db
  /** To read: what changes them goes through `change` or `changeElsewhere`, with its row of the audit log. */
  accounts: Pick<AccountStore, 'find' | 'list'>
  campaigns: Pick<CampaignStore, 'find' | 'list' | 'row' | 'version' | 'versions'>
  /** The stores as a transaction sees them, to change. */
  storesIn(tx: Db): { accounts: AccountStore; campaigns: CampaignStore }
  configCache: Pick<ConfigCache, 'accounts'>
  runs: RunClient
  temporal: Pick<TemporalConnection, 'isUp'>
  namespaceGuard: NamespaceGuard
  tokens: TokenProvider
  clientOf(account: { apiBase: string | null }): WechatClient
  /** Whether events may be forwarded to addresses of our own network. */
  forwardPrivate: boolean
  /** Makes what was just written live in this process. */
  reloadConfig(): Promise<void>
  /** Callbacks of this process since its start. */
  callbackCounts: Readonly<{ accepted: number; duplicates: number; refused: number }>
  /** This process's clock against WeChat's. */
  skewMonitor: Pick<SkewMonitor, 'report' | 'reportFor'>
  /** Has the dispatcher look for work now. */
  dispatcher: { wake(): void }
  /** Its current key's id names a rotation. */
  sealer: Pick<Sealer, 'keyIds'>
  /** Seals the store's secrets under the current key. */
  rotateKeys(): Promise<KeyRotation>
  metrics: Metrics
  /** Measures what is not counted as it happens. */
  refreshGauges(): Promise<void>
  now: () => number
  log: Log
}

/** A part of the API: refused content becomes 422 with every path and reason. */
export function createRouter(): OpenAPIHono {
  return new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return
      throw refused('The request has fields that cannot be taken.', schemaIssues(result.error))
    },
  })
}

/** Of the name of a field, in characters. */
const MAX_FIELD_NAME_CHARS = 100

const issuePath = (parts: readonly PropertyKey[]) =>
  parts.map((part) => truncateText(String(part), MAX_FIELD_NAME_CHARS)).join('.')

/** What a schema says against a request, an unknown field by its own path. */
export function schemaIssues(error: z.core.$ZodError): ApiIssue[] {
  return error.issues.flatMap((i) =>
    i.code === 'unrecognized_keys'
      ? i.keys.map((key) => ({
          path: issuePath([...i.path, key]),
          message: `unknown field "${truncateText(key, MAX_FIELD_NAME_CHARS)}"`,
        }))
      : [{ path: issuePath(i.path), message: isUnquoted(i) ? QUOTE_HINT : i.message }],
  )
}

const description = (text: string) => ({ description: text })

/** A JSON answer in the OpenAPI document. */
export const jsonResponse = <T extends z.ZodType>(schema: T, text: string) => ({
  content: { 'application/json': { schema } },
  ...description(text),
})

export const jsonBody = <T extends z.ZodType>(schema: T) => ({
  body: { content: { 'application/json': { schema } }, required: true },
})

export const errorResponses = {
  401: jsonResponse(errorBody, 'Missing, wrong or expired token'),
  403: jsonResponse(errorBody, 'The token has not the role that this needs (x-role)'),
  429: jsonResponse(errorBody, 'Too many wrong tokens; Retry-After says when to try again'),
  422: jsonResponse(errorBody, 'Refused, with every path and reason'),
}
export const notFoundResponse = { 404: jsonResponse(errorBody, 'There is no such thing') }
export const conflictResponse = { 409: jsonResponse(errorBody, 'Not in this state') }
export const wechatUnavailable = { 503: jsonResponse(errorBody, 'WeChat does not answer') }
export const temporalUnavailable = { 503: jsonResponse(errorBody, 'Temporal does not answer') }
export const security = [{ token: [] }]

/** A list that is read page by page, and has no other filter. */
export const listRoute = <P extends string>(path: P, summary: string, item: z.ZodType) =>
  createRoute({
    method: 'get',
    path,
    summary,
    security,
    request: { query: page },
    responses: { 200: jsonResponse(listOf(item), summary), ...errorResponses },
  })

/** What is noted in the audit log of a change. `details` holds no secret. */
export interface AuditNote {
  action: string
  target: string
  details?: unknown
}

/** The stores as a transaction sees them. */
export type TransactionStores = ReturnType<typeof storesIn>

function storesIn(deps: Pick<ApiDeps, 'now' | 'storesIn'>, tx: Db) {
  return {
    tx,
    ...deps.storesIn(tx),
    users: createUserStore(tx, deps.now),
    apiTokens: createApiTokenStore(tx, deps.now),
  }
}

/**
 * Makes a change of the store and notes it in the audit log, in one transaction: neither is there without the other. What
 * `work` throws undoes both. No call over the network within it.
 */
export function auditedChange<T>(
  deps: Pick<ApiDeps, 'db' | 'now' | 'storesIn'>,
  c: Context,
  work: (stores: TransactionStores) => Promise<AuditNote & { result: T }>,
): Promise<T> {
  return deps.db.transaction(async (tx) => {
    const { result, ...note } = await work(storesIn(deps, tx))
    await writeAudit(tx, { ...note, actor: c.get('principal').actor, at: deps.now() })
    return result
  })
}

/**
 * Notes a change in the audit log, and then makes it somewhere else: at WeChat, in Temporal, in many small steps. No
 * transaction spans that, so the row comes first. It says `outcome: unknown` until it is known what came of it; what `work`
 * throws stands in it as `failed`.
 * @param before what of the store changes together with the row
 */
export async function auditedExternalChange<T>(
  deps: Pick<ApiDeps, 'db' | 'now' | 'log' | 'storesIn'>,
  c: Context,
  note: AuditNote & { details?: Record<string, unknown> },
  work: () => Promise<{ result: T; details?: Record<string, unknown> }>,
  before?: (stores: TransactionStores) => Promise<void>,
): Promise<T> {
  const { db, now, log } = deps
  const id = await db.transaction(async (tx) => {
    await before?.(storesIn(deps, tx))
    const details = { ...note.details, outcome: 'unknown' }
    return writeAudit(tx, { ...note, details, actor: c.get('principal').actor, at: now() })
  })
  const amend = (details: Record<string, unknown>) =>
    amendAudit(db, id, Object.keys(details).length > 0 ? details : null).catch((err) =>
      // It is done, or failed, all the same; the row goes on saying that nobody knows.
      log.error({ err, action: note.action, target: note.target }, 'outcome not noted in the audit log'),
    )
  try {
    const { result, details } = await work()
    await amend({ ...note.details, ...details })
    return result
  } catch (err) {
    await amend({
      ...note.details,
      failed: err instanceof Error ? truncateText(err.message, MAX_FAILURE_CHARS) : 'unknown',
    })
    throw err
  }
}

/**
 * Cursors are opaque to callers: the key of the last item. One that this program did not write is refused, before a
 * store is asked for a number or a text that it cannot hold.
 */
export const cursor = {
  of: (key: string): string => Buffer.from(key).toString('base64url'),
  /** '': from the beginning. @throws ApiError 422 */
  read(text: string | undefined): string {
    if (!text) return ''
    const key = Buffer.from(text, 'base64url').toString('utf8')
    if (!isStorable(key) || cursor.of(key) !== text) throw invalidCursor()
    return key
  },
  /** Of a list whose key is a number. null: from the beginning. @throws ApiError 422 */
  readNumber(text: string | undefined): number | null {
    const key = cursor.read(text)
    return key === '' ? null : parseInteger(key)
  },
  /** Of a list by time, ms, and then by a key. null: from the beginning. @throws ApiError 422 */
  readTimed(text: string | undefined): { time: number; key: string } | null {
    const read = cursor.read(text)
    if (read === '') return null
    const [time = '', key] = read.split(' ')
    if (!key) throw invalidCursor()
    return { time: parseInteger(time), key }
  },
}

function parseInteger(text: string): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(number)) throw invalidCursor()
  return number
}

function invalidCursor(): ApiError {
  const message = 'is none of this list: take "next" of the page before, or leave it out'
  return refused('The cursor cannot be used.', [{ path: 'cursor', message }])
}

/** A page out of one item more than was asked for. */
export function toPage<T>(
  found: T[],
  limit: number,
  keyOf: (item: T) => string,
): { items: T[]; next: string | null } {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last !== undefined ? cursor.of(keyOf(last)) : null }
}
