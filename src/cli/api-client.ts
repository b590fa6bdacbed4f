import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Option } from '@commander-js/extra-typings'
import { loadConfig } from '../config/config.ts'
import { webAddressProblem } from '../config/web-address.ts'
import { CommandError, UsageError } from './cli-command.ts'

/** Where a command finds the server; every command that calls the API has it. */
export const urlOption = new Option(
  '--url <url>',
  'Address of FollowerNurture (default: NURTURE_URL, else http://127.0.0.1:$PORT)',
)

/** Options that say which server to call. */
export interface ServerOptions {
  url?: string | undefined
}

export interface ApiCall {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string | undefined>
  json?: unknown
  body?: { type: string; content: string } | FormData
}

interface ApiErrorBody {
  error?: { code: string; message: string; issues?: ApiIssue[] }
}

export interface ApiIssue {
  path: string
  message: string
  line?: number
  column?: number
}

/**
 * Calls the operator API. The token is NURTURE_TOKEN, ADMIN_TOKEN, or the one that `npm start` keeps in DATA_DIR.
 * @throws CommandError with the API's message and every issue
 */
export async function callApi<T>(options: ServerOptions, call: ApiCall): Promise<T> {
  const config = loadConfig()
  const base = options.url ?? config.nurtureUrl ?? `http://127.0.0.1:${config.port}`
  const token = config.nurtureToken ?? config.adminToken ?? storedAdminToken(config.dataDir)
  const problem = webAddressProblem(base)
  if (problem !== null) throw new UsageError(`--url: ${problem}`)
  const url = new URL(call.path, base)
  for (const [key, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(key, value)
  }
  const response = await fetch(url, {
    method: call.method ?? 'GET',
    headers: { authorization: `Bearer ${token}`, ...contentType(call) },
    ...(call.json !== undefined ? { body: JSON.stringify(call.json) } : {}),
    ...(call.body ? { body: call.body instanceof FormData ? call.body : call.body.content } : {}),
  }).catch((err: unknown) => {
    const why = err instanceof Error && err.cause instanceof Error ? err.cause.message : String(err)
    throw new CommandError(
      `FollowerNurture does not answer at ${base} (${why}). Is it running (npm start)? Else say where with --url or NURTURE_URL.`,
    )
  })
  const text = await response.text()
  const answer = text ? parseJson(text) : null
  if (response.ok) return answer as T
  const { error } = (answer ?? {}) as ApiErrorBody
  const message = error
    ? [error.message, ...(error.issues ?? []).map(formatIssue)].join('\n')
    : `HTTP ${response.status}`
  throw new CommandError(message, answer ?? undefined)
}

/** `  steps.1.after (line 9): …` */
export function formatIssue({ path, message, line }: ApiIssue): string {
  return `  ${path || 'file'}${line ? ` (line ${line})` : ''}: ${message}`
}

function contentType({ json, body }: ApiCall): Record<string, string> {
  if (json !== undefined) return { 'content-type': 'application/json' }
  return body && !(body instanceof FormData) ? { 'content-type': body.type } : {}
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandError('The answer is no JSON: does --url name a FollowerNurture?')
  }
}

function storedAdminToken(dataDir: string): string {
  try {
    return readFileSync(join(dataDir, 'admin-token'), 'utf8').trim()
  } catch {
    throw new CommandError(
      `No token: set NURTURE_TOKEN or ADMIN_TOKEN, or DATA_DIR to the folder that npm start uses (looked in ${dataDir}).`,
    )
  }
}

/** Every item of a list, fetched page by page. */
export async function fetchAllPages<T>(options: ServerOptions, path: string): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const query = { cursor, limit: '200' }
    const page = await callApi<{ items: T[]; next: string | null }>(options, { path, query })
    items.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor)
  return items
}
