import { type Facts, factValueProblem, parseFacts } from '../shared/facts.ts'
import { isRecord } from '../shared/is-record.ts'
import type { HookSettings } from '../store/hooks/hook-settings.ts'
import type { ApiIssue } from './api-error.ts'

/** What one request to a hook asks for. `campaign`: null when it only sets facts. */
export interface HookRequest {
  appId: string
  openId: string
  campaign: string | null
  facts: Facts
  /** The sender's id of the event; null: the hook has no path for it. */
  id: string | null
}

const MAX_ID_CHARS = 200

/**
 * Reads the body of a request by the settings of its hook. A pure function.
 * @returns every field that is missing or malformed, by its path in the body; then nothing is asked for
 */
export function readHookRequest(
  { accounts, campaign: fixedCampaign, fields }: HookSettings,
  body: unknown,
): { request: HookRequest } | { issues: ApiIssue[] } {
  if (!isRecord(body)) return { issues: [{ path: '', message: 'must be a JSON object' }] }
  const issues: ApiIssue[] = []
  const text = (path: string, max: number): string => {
    const value = valueAt(body, path)
    if (typeof value === 'string' && value !== '' && value.length <= max) return value
    issues.push({
      path,
      message: value === undefined ? 'is missing' : `must be a text of 1 to ${max} characters`,
    })
    return ''
  }
  const appId = fields.appId === undefined ? (accounts[0] ?? '') : text(fields.appId, 64)
  if (appId !== '' && !accounts.includes(appId))
    issues.push({ path: fields.appId ?? '', message: 'is not an account of this hook' })
  const openId = text(fields.openId, 128)
  const campaign = fields.campaign === undefined ? fixedCampaign : text(fields.campaign, 200)
  const id = fields.id === undefined ? null : readId(body, fields.id, issues)
  const facts = fields.facts ? mappedFacts(body, fields.facts, issues) : plainFacts(body, issues)
  if (issues.length === 0 && campaign === null && Object.keys(facts).length === 0)
    issues.push({ path: '', message: 'has no fact and no campaign: nothing would change' })
  return issues.length > 0 ? { issues } : { request: { appId, openId, campaign, facts, id } }
}

/** Many systems number their events. */
function readId(body: object, path: string, issues: ApiIssue[]): string {
  const value = valueAt(body, path)
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  if (typeof value === 'string' && value !== '' && value.length <= MAX_ID_CHARS) return value
  issues.push({
    path,
    message:
      value === undefined
        ? 'is missing'
        : `must be a text of 1 to ${MAX_ID_CHARS} characters or a whole number`,
  })
  return ''
}

/** The facts at these paths. One that the body does not have stays unchanged. */
function mappedFacts(body: object, paths: Readonly<Record<string, string>>, issues: ApiIssue[]): Facts {
  const facts: Record<string, Facts[string]> = {}
  for (const [name, path] of Object.entries(paths)) {
    const value = valueAt(body, path)
    if (value === undefined || value === null) continue
    const message = factValueProblem(value)
    if (message) issues.push({ path, message })
    // Checked by factValueProblem.
    else facts[name] = value as Facts[string]
  }
  return facts
}

/** The object `facts` of the body; none when it is absent. */
function plainFacts(body: object, issues: ApiIssue[]): Facts {
  const value = valueAt(body, 'facts')
  if (value === undefined) return {}
  const { facts, issues: found } = parseFacts(value)
  issues.push(...found.map(({ path, message }) => ({ path: path ? `facts.${path}` : 'facts', message })))
  return facts
}

/** The value at a path of own fields; undefined when there is none. */
function valueAt(body: object, path: string): unknown {
  let value: unknown = body
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    // Checked by hasOwn.
    value = (value as Record<string, unknown>)[name]
  }
  return value
}
