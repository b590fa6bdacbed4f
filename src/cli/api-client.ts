import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Option } from '@commander-js/extra-typings'
import { loadConfig } from '../config/config.ts'
import { webAddressProblem } from '../config/web-address.ts'
import { CommandError, UsageError } from './cli-command.ts'

/** The address of the server. Every command that calls the API has this option. */
export const urlOption = new Option(
  '--url <url>',
  'Address of FollowerNurture (default: NURTURE_URL, else http://127.0.0.1:$PORT)',
)

/** Options that select the server. */
export interface ServerOptions {
  url?: string | undefined
}

export interface ApiCall {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string | undefined>
  json?: unknown
  body?: { type: string; content: string } | FormData
  headers?: Record<string, string>
}

interface ApiErrorBody {
  error?: { code: string; message: string; issues?: ApiIssue[] }
}

export interface ApiIssue {
  path: string
  message: string
  line?: number
  column?: number
  rule?: string
  hint?: string
}

/**
 * Calls the operator API and returns the parsed body.
 * @throws CommandError with the message and every issue of an error response
 */
export async function callApi<T>(options: ServerOptions, call: ApiCall): Promise<T> {
  return (await readResponse(await sendRequest(options, call))) as T
}

/** Reads one resource; null if it does not exist. @throws CommandError for every other error response */
export async function findInApi<T>(options: ServerOptions, path: string): Promise<T | null> {
  const response = await sendRequest(options, { path })
  return response.status === 404 ? null : ((await readResponse(response)) as T)
}

/** Reads a file. @throws CommandError for every error response */
export async function downloadFromApi(options: ServerOptions, path: string): Promise<Buffer> {
  const response = await sendRequest(options, { path })
  if (!response.ok) await readResponse(response)
  return Buffer.from(await response.arrayBuffer())
}

/** Reads a long answer part by part. @throws CommandError for every error response, and when the answer ends too early */
export async function* streamFromApi(
  options: ServerOptions,
  call: Pick<ApiCall, 'path' | 'query'>,
): AsyncGenerator<Uint8Array, void> {
  const response = await sendRequest(options, call)
  if (!response.ok) await readResponse(response)
  if (!response.body) return
  const reader = response.body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((err: unknown) => {
        const reason = err instanceof Error && err.cause instanceof Error ? err.cause.message : String(err)
        throw new CommandError(`The answer ended before it was complete (${reason}). Run the command again.`)
      })
      if (done) return
      yield value
    }
  } finally {
    // Ends the request when the rest is not needed.
    await reader.cancel().catch(() => {})
  }
}

/** Reads all items of a list, page by page. */
export async function fetchAllPages<T>(
  options: ServerOptions,
  path: string,
  filter: Record<string, string | undefined> = {},
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const query = { ...filter, cursor, limit: '200' }
    const page = await callApi<{ items: T[]; next: string | null }>(options, { path, query })
    items.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor)
  return items
}

/** `  steps.1.after (line 9): …`, and in a second line what to do and where the rule is. */
export function formatIssue({ path, message, line, rule, hint }: ApiIssue): string {
  const more = hint && rule ? `\n    → ${hint} docs/campaigns.md#${rule}` : ''
  return `  ${path || 'file'}${line ? ` (line ${line})` : ''}: ${message}${more}`
}

/** Sends a request with the token of NURTURE_TOKEN, of ADMIN_TOKEN, or of the data folder of `npm start`. */
async function sendRequest(options: ServerOptions, call: ApiCall): Promise<Response> {
  const config = loadConfig()
  const base = options.url ?? config.nurtureUrl ?? `http://127.0.0.1:${config.port}`
  const token = config.nurtureToken ?? config.adminToken ?? storedAdminToken(config.dataDir)
  const problem = webAddressProblem(base)
  if (problem !== null) throw new UsageError(`--url: ${problem}`)
  const url = new URL(call.path, base)
  for (const [key, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(key, value)
  }
  return fetch(url, {
    method: call.method ?? 'GET',
    headers: { authorization: `Bearer ${token}`, ...contentType(call), ...call.headers },
    ...(call.json !== undefined ? { body: JSON.stringify(call.json) } : {}),
    ...(call.body ? { body: call.body instanceof FormData ? call.body : call.body.content } : {}),
  }).catch((err: unknown) => {
    const reason = err instanceof Error && err.cause instanceof Error ? err.cause.message : String(err)
    throw new CommandError(
      `FollowerNurture does not answer at ${base} (${reason}). Start it with npm start, or set its address with --url or NURTURE_URL.`,
    )
  })
}

/** @throws CommandError unless the response is a success */
async function readResponse(response: Response): Promise<unknown> {
  const text = await response.text()
  const body = text ? parseJson(text) : null
  if (response.ok) return body
  const { error } = (body ?? {}) as ApiErrorBody
  const message = error
    ? [error.message, ...(error.issues ?? []).map(formatIssue)].join('\n')
    : `HTTP ${response.status}`
  throw new CommandError(message, body ?? undefined)
}

function contentType({ json, body }: ApiCall): Record<string, string> {
  if (json !== undefined) return { 'content-type': 'application/json' }
  return body && !(body instanceof FormData) ? { 'content-type': body.type } : {}
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandError('The response is not JSON. Check that --url is the address of FollowerNurture.')
  }
}

function storedAdminToken(dataDir: string): string {
  try {
    return readFileSync(join(dataDir, 'admin-token'), 'utf8').trim()
  } catch {
    throw new CommandError(
      `No token was found in ${dataDir}. Set NURTURE_TOKEN or ADMIN_TOKEN, or set DATA_DIR to the data folder of npm start.`,
    )
  }
}
