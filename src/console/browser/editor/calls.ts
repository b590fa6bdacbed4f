import type { EditorAnalysis, EditorFigures, MediumType } from '../../editor-data.ts'
import { campaignPath } from '../../paths.ts'
import { SCRIPT_HEADERS } from '../script-headers.ts'

/** An answer of the server, or why there is none. */
export class CallRefused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, { ...init, headers: { ...SCRIPT_HEADERS, ...init.headers } })
  if (response.ok) return response
  const body = (await response.json().catch(() => null)) as {
    error?: { message?: string; issues?: { message: string }[] }
  } | null
  const why = body?.error?.issues?.[0]?.message ?? body?.error?.message
  throw new CallRefused(response.status, why ?? `${response.status}`)
}

const draftPath = (id: string) => `/console/api${campaignPath(id)}/draft`

export interface SavedDraft {
  revision: number
  savedAt: string
  savedBy: string
}

/** @param revision that the browser has read; null: there was no draft */
export async function saveDraft(id: string, source: string, revision: number | null): Promise<SavedDraft> {
  const expected: Record<string, string> =
    revision === null ? { 'if-none-match': '*' } : { 'if-match': `"${revision}"` }
  const headers = { 'content-type': 'application/yaml', ...expected }
  const response = await call(draftPath(id), { method: 'PUT', headers, body: source })
  return (await response.json()) as SavedDraft
}

/** Null when there is no draft. */
export async function readDraft(id: string): Promise<(SavedDraft & { source: string }) | null> {
  try {
    return (await (await call(draftPath(id))).json()) as SavedDraft & { source: string }
  } catch (err) {
    if (err instanceof CallRefused && err.status === 404) return null
    throw err
  }
}

/** Checks a text that need not be saved, and plays it. @throws CallRefused, or the reason of the signal */
export async function analyse(
  id: string,
  request: { source: string; replies: string; branches: Record<string, number> },
  signal: AbortSignal,
): Promise<EditorAnalysis> {
  const response = await call(`${campaignPath(id)}/edit/analysis`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  })
  return (await response.json()) as EditorAnalysis
}

/** What the last seven days of the campaign show. */
export async function readFigures(id: string): Promise<EditorFigures> {
  return (await (await call(`${campaignPath(id)}/edit/figures`)).json()) as EditorFigures
}

/** Uploads a file, and returns the id of the medium. */
export async function uploadMedium(file: File, type: string): Promise<string> {
  const form = new FormData()
  form.append('type', type)
  form.append('file', file)
  const response = await call('/console/api/media', { method: 'POST', body: form })
  return ((await response.json()) as { id: string }).id
}

/** A file of the library. */
export interface LibraryFile {
  id: string
  filename: string
  type: MediumType
}

/** The newest files of a kind. */
export async function readLibrary(type: MediumType): Promise<LibraryFile[]> {
  const { items } = (await (await call('/console/api/media?limit=100')).json()) as { items: LibraryFile[] }
  return items.filter((file) => file.type === type)
}
