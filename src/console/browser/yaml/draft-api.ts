import type { Issue } from '../../../campaign/issue.ts'
import { campaignPath } from '../../paths.ts'
import { SCRIPT_HEADERS } from '../script-headers.ts'

/** What the server says to a save. */
export type Saved =
  | { kind: 'saved'; revision: number }
  | { kind: 'conflict'; by: string | null }
  /** It cannot be saved as it is. */
  | { kind: 'refused'; message: string }
  /** The server did not answer. */
  | { kind: 'offline' }

export interface CheckedDraft {
  revision: number
  issues: Issue[]
  warnings: Issue[]
}

/** The draft of one campaign, by the operator API. */
export class DraftApi {
  readonly #path: string

  constructor(id: string) {
    this.#path = `/console/api${campaignPath(id)}/draft`
  }

  /** @param revision that was read; 0: there was no draft */
  async save(source: string, revision: number): Promise<Saved> {
    const expected: Record<string, string> =
      revision > 0 ? { 'if-match': `"${revision}"` } : { 'if-none-match': '*' }
    const headers = { ...SCRIPT_HEADERS, ...expected, 'content-type': 'application/yaml' }
    const response = await fetch(this.#path, { method: 'PUT', headers, body: source }).catch(() => null)
    if (!response || response.status >= 500 || response.status === 429) return { kind: 'offline' }
    const body = (await response.json().catch(() => null)) as SaveAnswer | null
    if (response.ok && body?.revision !== undefined) return { kind: 'saved', revision: body.revision }
    if (response.status === 409) return { kind: 'conflict', by: body?.error?.current?.by ?? null }
    const [issue] = body?.error?.issues ?? []
    return { kind: 'refused', message: issue?.message ?? body?.error?.message ?? String(response.status) }
  }

  /** Null: it could not be read. */
  async read(): Promise<{ source: string; revision: number } | null> {
    return this.#get('')
  }

  async check(): Promise<CheckedDraft | null> {
    return this.#get('/check')
  }

  async #get<T>(path: string): Promise<T | null> {
    const response = await fetch(`${this.#path}${path}`, { headers: SCRIPT_HEADERS }).catch(() => null)
    return response?.ok ? ((await response.json()) as T) : null
  }
}

interface SaveAnswer {
  revision?: number
  error?: { message: string; issues?: { message: string }[]; current?: { by: string | null } | null }
}
