import type { Issue } from './issue.ts'
import { campaignJsonSchema } from './json-schema.ts'

/** Sections of docs/campaigns.md by the field that an issue is about. */
export const RULES: Readonly<Record<string, string>> = {
  accounts: 'many-accounts',
  priority: 'several-campaigns',
  ifBusy: 'several-campaigns',
  entry: 'events',
  on: 'events',
  event: 'events',
  qrScenes: 'events',
  keys: 'events',
  keywords: 'events',
  match: 'events',
  links: 'links',
  steps: 'steps',
  answers: 'answers',
  goal: 'goal',
  quiet: 'quiet-hours',
  anytime: 'quiet-hours',
  spread: 'local-times',
  at: 'local-times',
  day: 'local-times',
  days: 'local-times',
  after: 'durations',
  spacing: 'durations',
  window: 'durations',
  reentry: 'the-file',
  exit: 'exit',
  resume: 'exit',
  resumeReply: 'exit',
  id: 'the-file',
  name: 'the-file',
  since: 'steps',
  before: 'facts',
  facts: 'facts',
  set: 'facts',
  ifLate: 'held-steps',
  when: 'conditions',
  not: 'conditions',
  replied: 'conditions',
  subscribeScene: 'conditions',
  campaign: 'conditions',
  typing: 'typing-and-human-agents',
  send: 'messages',
  reply: 'messages',
  file: 'media',
  mediaId: 'media',
  thumb: 'media',
  tag: 'tags',
  untag: 'tags',
  tags: 'tags',
  webhook: 'webhooks-and-other-campaigns',
  handover: 'typing-and-human-agents',
  go: 'webhooks-and-other-campaigns',
  wait: 'forks',
  meanwhile: 'forks',
  branches: 'forks',
  share: 'forks',
  else: 'forks',
}
const WHOLE_FILE = 'how-the-file-is-read'

/** The rule and the hint of an issue that has none of its own: of the field that it is about, or of the field around it. */
export function helpFor({ path, rule, hint }: Issue): Required<Pick<Issue, 'rule' | 'hint'>> {
  const parts = path === '' ? [] : path.split('.')
  const field = parts.findLast((part) => Object.hasOwn(RULES, part))
  return {
    rule: rule ?? (field === undefined ? WHOLE_FILE : (RULES[field] ?? WHOLE_FILE)),
    hint: hint ?? descriptionOf(parts) ?? WHOLE_FILE_HINT,
  }
}

const WHOLE_FILE_HINT =
  'A campaign file has id, name, entry and steps. 活动文件包含 id、name、entry 和 steps。'

interface Described {
  description?: string
  properties?: Record<string, Described>
  items?: Described
  additionalProperties?: Described | boolean
  anyOf?: Described[]
  allOf?: Described[]
  $ref?: string
}
type Root = Described & { $defs?: Record<string, Described> }

let root: Root | null = null

/** The description of the deepest field on a path that has one. */
function descriptionOf(path: readonly string[]): string | undefined {
  root ??= campaignJsonSchema() as Root
  let found: string | undefined
  let at: Described[] = [root]
  for (const part of path) {
    at = at.flatMap((schema) => formsOf(schema)).flatMap((schema) => childOf(schema, part))
    found = at.find((schema) => schema.description !== undefined)?.description ?? found
  }
  return found
}

/** A schema and the forms that it may have. */
function formsOf(schema: Described): Described[] {
  const { $ref, anyOf = [], allOf = [] } = schema
  const target = $ref ? root?.$defs?.[$ref.replace('#/$defs/', '')] : undefined
  return [schema, ...[...anyOf, ...allOf, ...(target ? [target] : [])].flatMap(formsOf)]
}

function childOf({ properties, items, additionalProperties: any }: Described, part: string): Described[] {
  const own = properties && Object.hasOwn(properties, part) ? properties[part] : undefined
  if (own) return [own]
  if (/^\d+$/.test(part) && items) return [items]
  return typeof any === 'object' ? [any] : []
}
