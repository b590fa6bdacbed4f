import { createRoute, OpenAPIHono, type z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ConfigCache } from '../../callback/config/config-cache.ts'
import type { SkewMonitor } from '../../callback/skew-monitor.ts'
import { isUnquoted, QUOTE_HINT } from '../../campaign/issue.ts'
import type { TestSend } from '../../campaign/test-send.ts'
import type { Pace } from '../../shared/background-pace.ts'
import type { Log } from '../../shared/log.ts'
import type { Metrics } from '../../shared/metrics.ts'
import { isStorable, truncateText } from '../../shared/text.ts'
import type { AccountStore } from '../../store/accounts/account-store.ts'
import type { CampaignStore } from '../../store/campaigns/campaign-store.ts'
import type { DraftStore } from '../../store/campaigns/draft-store.ts'
import type { Db } from '../../store/db.ts'
import type { Sealer } from '../../store/encryption/sealer.ts'
import type { HookStore } from '../../store/hooks/hook-store.ts'
import { createApiTokenStore } from '../../store/users/api-token-store.ts'
import { amendAudit, writeAudit } from '../../store/users/audit-log.ts'
import { createUserStore } from '../../store/users/user-store.ts'
import type { WebhookEndpointStore } from '../../store/webhooks/webhook-endpoints.ts'
import type { TemporalConnection } from '../../temporal/connection.ts'
import type { QueueView } from '../../temporal/describe-queues.ts'
import type { NamespaceGuard } from '../../temporal/namespace-guard.ts'
import type { RunClient } from '../../temporal/run-client.ts'
import type { WechatClient } from '../../wechat/api/client.ts'
import type { TokenProvider } from '../../wechat/api/tokens.ts'
import { type ApiError, type ApiIssue, refused } from '../api-error.ts'
import { errorBody, listOf, page } from '../schemas/common-schemas.ts'
import type { keyRotation } from '../schemas/system-schemas.ts'

/** A failure's message is truncated to this length in the audit log. */
const MAX_FAILURE_CHARS = 300

export type KeyRotation = z.output<typeof keyRotation>

/** What the API needs from the services. */
export interface ApiDeps {
  db: Db
  /** For reading. Changes go through {@link auditedChange} or {@link auditedExternalChange}. */
  accounts: Pick<AccountStore, 'find' | 'list'>
  campaigns: Pick<CampaignStore, 'find' | 'findVersion' | 'list' | 'live' | 'row' | 'version' | 'versions'>
  drafts: Pick<DraftStore, 'find' | 'list'>
  /** The stores within a transaction, for changes. */
  storesIn(tx: Db): {
    accounts: AccountStore
    campaigns: CampaignStore
    drafts: DraftStore
    webhookEndpoints: WebhookEndpointStore
    hooks: HookStore
  }
  webhookEndpoints: Pick<WebhookEndpointStore, 'find' | 'list'>
  hooks: Pick<HookStore, 'find' | 'list'>
  configCache: Pick<ConfigCache, 'accounts' | 'matchTags'>
  runs: RunClient
  /** Sends the messages of a test now. */
  testSend: TestSend
  temporal: Pick<TemporalConnection, 'isUp'>
  /** The task queues and their workers; null: Temporal does not answer. */
  queues(): Promise<QueueView[] | null>
  namespaceGuard: NamespaceGuard
  tokens: TokenProvider
  clientOf(account: { apiBase: string | null }): WechatClient
  /** Whether events may be forwarded to private networks. */
  forwardPrivate: boolean
  /** Whether tracked links are shortened, by `PUBLIC_URL`. */
  hasLinks: boolean
  /** Whether webhooks may be sent by http, and to private networks. */
  webhookPrivate: boolean
  /** Makes written changes of accounts and campaigns live in this process. */
  reloadConfig(): Promise<void>
  /** Counts of this process's callbacks since its start. */
  callbackCounts: Readonly<{ accepted: number; duplicates: number; refused: number }>
  /** Compares this process's clock with WeChat's. */
  skewMonitor: Pick<SkewMonitor, 'report' | 'reportFor' | 'aheadMs'>
  /** Makes the dispatcher look for events at once. */
  dispatcher: { wake(): void }
  /** Makes the sender of webhooks look for them at once, if it runs in this process. */
  wakeWebhooks(): void
  /** Makes the runner of bulk jobs look for them at once, if it runs in this process. */
  wakeBulkJobs(): void
  /** Makes written changes of hooks live in this process. */
  hooksChanged(): void
  /** The id of the current key is the target of a rotation in the audit log. */
  sealer: Pick<Sealer, 'keyIds'>
  /** Re-encrypts the store's secrets with the current key. */
  rotateKeys(): Promise<KeyRotation>
  metrics: Metrics
  /** For work that nobody waits for. */
  pace: Pace
  /** Updates the gauges that are measured at each scrape. */
  refreshGauges(): Promise<void>
  now: () => number
  log: Log
}

/** A router of the API. Invalid requests get 422 with every path and reason. */
export function createRouter(): OpenAPIHono {
  return new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return
      throw refused('The request has invalid fields.', schemaIssues(result.error))
    },
  })
}

/** Field names are truncated to this length in issues. */
const MAX_FIELD_NAME_CHARS = 100

const issuePath = (parts: readonly PropertyKey[]) =>
  parts.map((part) => truncateText(String(part), MAX_FIELD_NAME_CHARS)).join('.')

/** The issues of a schema error. An unknown field has its own path. */
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

/** A JSON response in the OpenAPI document. */
export const jsonResponse = <T extends z.ZodType>(schema: T, text: string) => ({
  content: { 'application/json': { schema } },
  ...description(text),
})

/**
 * A JSON body that a request must have. `required`, because a missing optional body would pass as `{}` without validation.
 */
export const jsonBody = <T extends z.ZodType>(schema: T) => ({
  body: { content: { 'application/json': { schema } }, required: true },
})

export const errorResponses = {
  401: jsonResponse(errorBody, 'The token is missing, invalid or expired.'),
  403: jsonResponse(errorBody, 'The role of the token is too low; `x-role` is the role that the call needs.'),
  429: jsonResponse(errorBody, 'Too many invalid tokens. `Retry-After` has the seconds to wait.'),
  422: jsonResponse(errorBody, 'The content is refused. `issues` has every path and reason.'),
}
export const notFoundResponse = { 404: jsonResponse(errorBody, 'The resource does not exist.') }
export const conflictResponse = {
  409: jsonResponse(errorBody, 'The state of the resource does not allow this.'),
}
export const wechatUnavailable = { 503: jsonResponse(errorBody, 'WeChat is not reachable.') }
export const temporalUnavailable = { 503: jsonResponse(errorBody, 'Temporal is not reachable.') }
export const security = [{ token: [] }]

/** A list that is read page by page, without other filters. */
export const listRoute = <P extends string>(
  path: P,
  about: { summary: string; description?: string },
  item: z.ZodType,
) =>
  createRoute({
    method: 'get',
    path,
    ...about,
    security,
    request: { query: page },
    responses: { 200: jsonResponse(listOf(item), 'One page of the list.'), ...errorResponses },
  })

/** A row of the audit log. `details` has no secret. */
export interface AuditNote {
  action: string
  target: string
  details?: unknown
}

/** What a change has done. `action: null`: nothing, because a repeated request had been carried out before. */
type AuditedResult<T> = { result: T } & (AuditNote | { action: null })

/** The stores within a transaction. */
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
 * Changes the store and writes the audit log in one transaction. An error of `work` rolls both back. `work` must not make
 * network calls.
 */
export function auditedChange<T>(
  deps: Pick<ApiDeps, 'db' | 'now' | 'storesIn'>,
  c: Context,
  work: (stores: TransactionStores) => Promise<AuditedResult<T>>,
): Promise<T> {
  return deps.db.transaction(async (tx) => {
    const { result, ...note } = await work(storesIn(deps, tx))
    if (note.action === null) return result
    await writeAudit(tx, { ...note, actor: c.get('principal').actor, at: deps.now() })
    return result
  })
}

/**
 * Writes the audit log, and then makes a change outside the store's transaction: at WeChat, in Temporal, or in many
 * statements. The row is written first, with `outcome: unknown`. Afterwards it gets the result, or the error as `failed`.
 * @param before a change of the store in the same transaction as the row
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
      // The change itself is done or has failed. The row keeps `outcome: unknown`.
      log.error({ err, action: note.action, target: note.target }, 'outcome not written to the audit log'),
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
 * Cursors are opaque to callers: they encode the key of the last item. An invalid cursor is refused before it reaches the
 * store, which might not accept its text or number.
 */
export const cursor = {
  of: (key: string): string => Buffer.from(key).toString('base64url'),
  /** Returns '' for the beginning of the list. @throws ApiError 422 */
  read(text: string | undefined): string {
    if (!text) return ''
    const key = Buffer.from(text, 'base64url').toString('utf8')
    if (!isStorable(key) || cursor.of(key) !== text) throw invalidCursor()
    return key
  },
  /** For lists with a numeric key. Returns null for the beginning of the list. @throws ApiError 422 */
  readNumber(text: string | undefined): number | null {
    const key = cursor.read(text)
    return key === '' ? null : parseInteger(key)
  },
  /** For lists ordered by time (epoch ms) and key. Returns null for the beginning of the list. @throws ApiError 422 */
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
  const message = 'is not from this list: use "next" of the previous page, or omit it'
  return refused('The cursor is invalid.', [{ path: 'cursor', message }])
}

/** Makes a page from a result that was read with one item more than `limit`. */
export function toPage<T>(
  found: T[],
  limit: number,
  keyOf: (item: T) => string,
): { items: T[]; next: string | null } {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last !== undefined ? cursor.of(keyOf(last)) : null }
}
