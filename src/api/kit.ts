import { createRoute, OpenAPIHono, type z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { isUnquoted, QUOTE_IT } from '../campaign/issue.ts'
import type { EngineLink } from '../engine/connection.ts'
import type { EngineHome } from '../engine/home.ts'
import type { Runs } from '../engine/runs.ts'
import type { LiveDirectory } from '../intake/directory.ts'
import type { SkewWatch } from '../intake/skew-watch.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { AccountStore } from '../store/accounts.ts'
import { createApiTokenStore } from '../store/api-tokens.ts'
import { amendAudit, writeAudit } from '../store/audit.ts'
import type { CampaignStore } from '../store/campaigns.ts'
import type { Db } from '../store/db.ts'
import type { Sealer } from '../store/sealed.ts'
import { createUserStore } from '../store/users.ts'
import { cutText, isStorable } from '../text.ts'
import type { WechatClient } from '../wechat/client.ts'
import type { TokenKeeper } from '../wechat/tokens.ts'
import { type ApiError, type ApiIssue, refused } from './errors.ts'
import { errorBody, type keyRotation, listOf, page } from './schemas.ts'

/** Of a failure's message in the audit log, in characters. */
const FAILED_MAX = 300

export type KeyRotation = z.output<typeof keyRotation>

/** What the API takes from the program. */
export interface ApiDeps {
  db: Db
  /** To read: what changes them goes through `change` or `changeElsewhere`, with its row of the audit log. */
  accounts: Pick<AccountStore, 'find' | 'list'>
  campaigns: Pick<CampaignStore, 'find' | 'list' | 'row' | 'version' | 'versions'>
  /** The stores as a transaction sees them, to change. */
  storesIn(tx: Db): { accounts: AccountStore; campaigns: CampaignStore }
  directory: Pick<LiveDirectory, 'accounts'>
  runs: Runs
  link: Pick<EngineLink, 'isUp'>
  home: EngineHome
  tokens: TokenKeeper
  clientOf(account: { apiBase: string | null }): WechatClient
  /** Whether events may be forwarded to addresses of our own network. */
  forwardPrivate: boolean
  /** Makes what was just written live in this process. */
  changed(): Promise<void>
  /** Callbacks of this process since its start. */
  counts: Readonly<{ accepted: number; duplicates: number; refused: number }>
  /** This process's clock against WeChat's. */
  clock: Pick<SkewWatch, 'report' | 'of'>
  /** Has the dispatcher look for work now. */
  dispatcher: { nudge(): void }
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
export function createPart(): OpenAPIHono {
  return new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return
      throw refused('The request has fields that cannot be taken.', issuesOf(result.error))
    },
  })
}

/** Of the name of a field, in characters. */
const NAME_MAX = 100

const pathOf = (parts: readonly PropertyKey[]) =>
  parts.map((part) => cutText(String(part), NAME_MAX)).join('.')

/** What a schema says against a request, an unknown field by its own path. */
export function issuesOf(error: z.core.$ZodError): ApiIssue[] {
  return error.issues.flatMap((i) =>
    i.code === 'unrecognized_keys'
      ? i.keys.map((key) => ({
          path: pathOf([...i.path, key]),
          message: `unknown field "${cutText(key, NAME_MAX)}"`,
        }))
      : [{ path: pathOf(i.path), message: isUnquoted(i) ? QUOTE_IT : i.message }],
  )
}

const description = (text: string) => ({ description: text })

/** A JSON answer in the OpenAPI document. */
export const json = <T extends z.ZodType>(schema: T, text: string) => ({
  content: { 'application/json': { schema } },
  ...description(text),
})

export const body = <T extends z.ZodType>(schema: T) => ({
  body: { content: { 'application/json': { schema } }, required: true },
})

export const errors = {
  401: json(errorBody, 'Missing, wrong or expired token'),
  403: json(errorBody, 'The token has not the role that this needs (x-role)'),
  429: json(errorBody, 'Too many wrong tokens; Retry-After says when to try again'),
  422: json(errorBody, 'Refused, with every path and reason'),
}
export const missing = { 404: json(errorBody, 'There is no such thing') }
export const wrongState = { 409: json(errorBody, 'Not in this state') }
export const wechatAway = { 503: json(errorBody, 'WeChat does not answer') }
export const engineAway = { 503: json(errorBody, 'Temporal does not answer') }
export const security = [{ token: [] }]

/** A list that is read page by page, and has no other filter. */
export const listRoute = <P extends string>(path: P, summary: string, item: z.ZodType) =>
  createRoute({
    method: 'get',
    path,
    summary,
    security,
    request: { query: page },
    responses: { 200: json(listOf(item), summary), ...errors },
  })

/** What is noted in the audit log of a change. `details` holds no secret. */
export interface AuditNote {
  action: string
  target: string
  details?: unknown
}

/** The stores as a transaction sees them. */
export type ChangingStores = ReturnType<typeof storesIn>

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
export function change<T>(
  deps: Pick<ApiDeps, 'db' | 'now' | 'storesIn'>,
  c: Context,
  work: (stores: ChangingStores) => Promise<AuditNote & { result: T }>,
): Promise<T> {
  return deps.db.transaction(async (tx) => {
    const { result, ...note } = await work(storesIn(deps, tx))
    await writeAudit(tx, { ...note, actor: c.get('who').actor, at: deps.now() })
    return result
  })
}

/**
 * Notes a change in the audit log, and then makes it somewhere else: at WeChat, in Temporal, in many small steps. No
 * transaction spans that, so the row comes first. It says `outcome: unknown` until it is known what came of it; what `work`
 * throws stands in it as `failed`.
 * @param before what of the store changes together with the row
 */
export async function changeElsewhere<T>(
  deps: Pick<ApiDeps, 'db' | 'now' | 'log' | 'storesIn'>,
  c: Context,
  note: AuditNote & { details?: Record<string, unknown> },
  work: () => Promise<{ result: T; details?: Record<string, unknown> }>,
  before?: (stores: ChangingStores) => Promise<void>,
): Promise<T> {
  const { db, now, log } = deps
  const id = await db.transaction(async (tx) => {
    await before?.(storesIn(deps, tx))
    const details = { ...note.details, outcome: 'unknown' }
    return writeAudit(tx, { ...note, details, actor: c.get('who').actor, at: now() })
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
      failed: err instanceof Error ? cutText(err.message, FAILED_MAX) : 'unknown',
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
    if (!isStorable(key) || cursor.of(key) !== text) throw foreignCursor()
    return key
  },
  /** Of a list whose key is a number. null: from the beginning. @throws ApiError 422 */
  readNumber(text: string | undefined): number | null {
    const key = cursor.read(text)
    return key === '' ? null : wholeNumber(key)
  },
  /** Of a list by time, ms, and then by a key. null: from the beginning. @throws ApiError 422 */
  readTimed(text: string | undefined): { time: number; key: string } | null {
    const read = cursor.read(text)
    if (read === '') return null
    const [time = '', key] = read.split(' ')
    if (!key) throw foreignCursor()
    return { time: wholeNumber(time), key }
  },
}

function wholeNumber(text: string): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(number)) throw foreignCursor()
  return number
}

function foreignCursor(): ApiError {
  const message = 'is none of this list: take "next" of the page before, or leave it out'
  return refused('The cursor cannot be used.', [{ path: 'cursor', message }])
}

/** A page out of one item more than was asked for. */
export function pageOf<T>(
  found: T[],
  limit: number,
  keyOf: (item: T) => string,
): { items: T[]; next: string | null } {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last !== undefined ? cursor.of(keyOf(last)) : null }
}
