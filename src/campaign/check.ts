import type { ZodError } from 'zod'
import { normaliseEntryKeyword, normaliseExitKeyword } from '../shared/keyword.ts'
import { unstorablePaths } from '../shared/text.ts'
import type { RulesProfileName } from '../wechat/rules/rules.ts'
import { describeDuration } from './duration.ts'
import type { Issue } from './issue.ts'
import { mediaRefs, textsOf } from './message.ts'
import {
  type Campaign,
  campaignSchema,
  type DraftMessage,
  draftSchema,
  MESSAGE_KINDS,
  STEPS_MAX,
} from './model.ts'
import { previewWarnings } from './preview.ts'
import { readYaml } from './read-yaml.ts'
import { describeSchemaIssue } from './schema-issue.ts'
import {
  accountVariableNames,
  mediaIdWarnings,
  type TargetAccount,
  targetAccounts,
  variableWarnings,
} from './target-accounts.ts'
import { checkEmptyTexts } from './template/empty-text-check.ts'
import { BudgetExceededError, createStepBudget, FILE_STEPS } from './template/step-budget.ts'
import { checkTemplate, usesFollowerAttributes } from './template/template.ts'

export interface CheckContext {
  /** The id in the request's path. The file must have the same id. */
  pathId?: string
  /** Registered accounts; absent: not checked. */
  accounts?: readonly TargetAccount[]
  /** Whether an uploaded medium exists; absent: not checked. */
  hasMedia?: (id: string) => boolean
  /** The rules profile of the warnings; absent: derived from the accounts. */
  rules?: RulesProfileName
}

export interface CheckResult {
  /** Null exactly when there are issues. */
  campaign: Campaign | null
  /** Errors: the campaign could never work. In the order of the lines. */
  issues: Issue[]
  /** Messages that WeChat's rules will hold, and references to unknown accounts. In the order of the lines. */
  warnings: Issue[]
}

/** WeChat's limit of a text message, bytes of UTF-8. Measured by other projects; the official page names none. */
const TEXT_MAX_BYTES = 2_048
const ISSUES_MAX = 200
/** UTF-16 units of a file. */
export const FILE_MAX_CHARS = 256 * 1024
/** Number fields. All other fields are texts; `read-yaml.test.ts` compares this set with the schema. */
export const NUMERIC_FIELDS: ReadonlySet<string> = new Set(['priority'])
const EMPTY_FILE = 'is empty: write a campaign with id, name, entry and steps 文件是空的'
const NOT_A_MAP = 'must be a map of fields, such as id, name, entry and steps'

/** Checks a campaign file (YAML 1.2 or JSON). Reports all errors at once, each with its place. Never throws. */
export function checkCampaign(source: string, context: CheckContext = {}): CheckResult {
  if (source.length > FILE_MAX_CHARS)
    return refused([{ path: '', message: 'is larger than 256 KiB: split the campaign' }])
  const { value: file, issues: syntaxIssues, placeOf } = readYaml(source, NUMERIC_FIELDS)
  if (file === undefined) {
    return refused(
      syntaxIssues.length > 0
        ? present(syntaxIssues, 'errors', placeOf)
        : [{ path: '', message: EMPTY_FILE }],
    )
  }
  const { value, issues: tooMany } = firstSteps(file)
  const parsed = campaignSchema.safeParse(value, { error: describeSchemaIssue })
  const invalid = [...unstorableIssues(value), ...(parsed.success ? [] : schemaIssues(parsed.error))]
  const found = [...tooMany, ...syntaxIssues, ...withoutRepeats(invalid, syntaxIssues)]
  const reported = new Set(found.map((i) => i.path))
  found.push(...contentIssues(value, context).filter((i) => !reported.has(i.path)))
  const empty = parsed.success ? checkEmptyTexts(parsed.data, context.accounts) : null
  if (parsed.success) found.push(...keywordIssues(parsed.data))
  if (empty) found.push(...empty.issues)
  if (!parsed.success || found.length > 0) return refused(present(found, 'errors', placeOf))
  const warnings = [
    ...accountWarnings(parsed.data, context),
    ...variableWarnings(templatesOf(parsed.data), targetAccounts(parsed.data.accounts, context.accounts)),
    ...mediaIdWarnings(parsed.data, context.accounts),
    ...(empty?.warnings ?? []),
    ...previewWarnings(parsed.data, profileOf(parsed.data, context)),
  ]
  return { campaign: parsed.data, issues: [], warnings: present(warnings, 'warnings', placeOf) }
}

/** Cuts the steps beyond the maximum, with an issue. Only the others are checked. */
function firstSteps(value: unknown): { value: unknown; issues: Issue[] } {
  if (typeof value !== 'object' || value === null || !('steps' in value)) return { value, issues: [] }
  const { steps } = value
  if (!Array.isArray(steps) || steps.length <= STEPS_MAX) return { value, issues: [] }
  const message = `a campaign has at most ${STEPS_MAX} steps, this one has ${steps.length}: split it into several 一个活动最多 ${STEPS_MAX} 步，这里有 ${steps.length} 步，请拆分`
  return { value: { ...value, steps: steps.slice(0, STEPS_MAX) }, issues: [{ path: 'steps', message }] }
}

/** Leaves out issues that only follow from an unreadable field: at its path, and at the maps around it. */
function withoutRepeats(invalid: readonly Issue[], syntaxIssues: readonly Issue[]): Issue[] {
  const reported = new Set<string>()
  for (const { path } of syntaxIssues) {
    // A path in the set has its parents there too.
    for (let at = path; !reported.has(at); at = at.slice(0, at.lastIndexOf('.'))) {
      reported.add(at)
      if (!at.includes('.')) break
    }
  }
  return invalid.filter((w) => !reported.has(w.path))
}

/** Lone surrogates and NULs. A file can contain them only as escapes. */
function unstorableIssues(value: unknown): Issue[] {
  const message =
    'has half a character (such as "\\ud83d" without its second half) or a NUL: write the whole character'
  return unstorablePaths(value).map((path) => ({ path, message }))
}

/** Keywords without a visible character: nobody can type them. */
function keywordIssues({ entry, exit }: Campaign): Issue[] {
  const invisibleIn = (path: string, words: readonly string[] | undefined, form: (word: string) => string) =>
    (words ?? []).flatMap((word, i) =>
      form(word) === '' ? [{ path: `${path}.${i}`, message: 'has no visible character: write a word' }] : [],
    )
  return [
    ...invisibleIn('entry.keywords', entry.keywords, normaliseEntryKeyword),
    ...invisibleIn('exit.keywords', exit?.keywords, normaliseExitKeyword),
  ]
}

function refused(issues: Issue[]): CheckResult {
  return { campaign: null, issues, warnings: [] }
}

/**
 * Issues with their places, in the order of the lines. A file may have thousands: the first 200 are located and shown, and a
 * last entry has the number of the others.
 */
function present(
  issues: readonly Issue[],
  what: 'errors' | 'warnings',
  placeOf: (path: string) => { line?: number; column?: number },
): Issue[] {
  const shown = issues
    .slice(0, ISSUES_MAX)
    .map((issue) => ({ ...placeOf(issue.path), ...issue }))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
  const more = issues.length - shown.length
  return more > 0 ? [...shown, { path: '', message: `and ${more} more ${what}` }] : shown
}

/** The rules profile of the warnings: the strictest of the accounts that the campaign serves. */
export function profileOf(campaign: Campaign, { accounts, rules }: CheckContext): RulesProfileName {
  if (rules) return rules
  const targets = targetAccounts(campaign.accounts, accounts)
  return targets.length > 0 && targets.every((a) => a.rules === 'classic-48h') ? 'classic-48h' : 'wechat-2023'
}

function schemaIssues(error: Pick<ZodError, 'issues'>): Issue[] {
  return error.issues.flatMap((i): Issue[] => {
    const path = i.path.join('.')
    // Of a union, the form with an issue below the field is the intended one: reentry.after for example.
    const meant = i.code === 'invalid_union' && i.errors.find((form) => form.some((e) => e.path.length > 0))
    if (meant) return schemaIssues({ issues: meant }).map((e) => ({ ...e, path: `${path}.${e.path}` }))
    if (i.code === 'unrecognized_keys') {
      return i.keys.map((key) => ({ path: [...i.path, key].join('.'), message: `unknown field "${key}"` }))
    }
    if (path === '' && i.code === 'invalid_type') return [{ path, message: NOT_A_MAP }]
    return [{ path, message: i.message }]
  })
}

/** Issues that the schema cannot find: duplicate ids, delays beyond the window, templates, lengths, media. */
function contentIssues(file: unknown, context: CheckContext): Issue[] {
  const campaign = draftSchema.parse(file)
  const problemOf = createTextCheck(accountVariableNames(file, context.accounts))
  const issues: Issue[] = []
  const report = (path: string, message: string) => issues.push({ path, message })
  if (context.pathId !== undefined && campaign.id !== undefined && context.pathId !== campaign.id) {
    report('id', `is ${campaign.id}, but the file was sent to ${context.pathId}: use the same id`)
  }
  const seen = new Map<string, number>()
  /** The planned time of each step, ms after its reference; undefined for an invalid delay. */
  const planned: (number | undefined)[] = []
  for (const [i, step] of campaign.steps.entries()) {
    const firstIndex = step.id === undefined ? undefined : seen.get(step.id)
    if (firstIndex !== undefined)
      report(`steps.${i}.id`, `duplicate step id ${step.id} (also at steps.${firstIndex})`)
    if (step.id !== undefined) seen.set(step.id, i)
    const before = step.since === 'previous' && i > 0 ? planned[i - 1] : 0
    const due = before === undefined || step.after === undefined ? undefined : before + step.after
    planned.push(due)
    if (before !== undefined && step.after !== undefined && before + step.after > campaign.window) {
      const sum = before > 0 ? ` (${describeDuration(before)} + ${describeDuration(step.after)})` : ''
      const at = describeDuration(before + step.after)
      report(
        `steps.${i}.after`,
        `${at}${sum} is beyond the window of ${describeDuration(campaign.window)}: the step could never be sent`,
      )
    }
    messageIssues(step.send, `steps.${i}.send`, { ...context, problemOf }, report)
  }
  messageIssues(campaign.reply, 'reply', { ...context, problemOf }, report)
  for (const [field, text] of textsOf(campaign.reply.raw)) {
    // The callback must be answered before WeChat could be asked.
    if (usesFollowerAttributes(text))
      report(`reply.${field}`, 'a reply cannot use follower.…: use it in a step')
  }
  return issues
}

/** The problem of a text; null when there is none, or when the budget is used up. */
type TextCheck = (text: string) => string | null

/** Checks each distinct text once, and all of them within the budget of a file. */
function createTextCheck(accountVariables: ReadonlySet<string> | null): TextCheck {
  const budget = createStepBudget(FILE_STEPS)
  const known = new Map<string, string | null>()
  let isOver = false
  return (text) => {
    const found = known.get(text)
    if (found !== undefined || isOver) return found ?? null
    try {
      const problem = checkTemplate(text, accountVariables, budget)
      known.set(text, problem)
      return problem
    } catch (err) {
      if (!(err instanceof BudgetExceededError)) throw err
      isOver = true
      return OVER_BUDGET
    }
  }
}

const OVER_BUDGET = `the templates of this file take too much work (over ${FILE_STEPS} steps together); this template and the following ones were not checked: write simpler templates, or split the campaign 本文件的模板运算量过大（合计超过 ${FILE_STEPS} 步），此处及之后的模板未检查：请简化模板，或拆分活动`

function messageIssues(
  { raw, known }: DraftMessage,
  path: string,
  { hasMedia, problemOf }: CheckContext & { problemOf: TextCheck },
  report: (path: string, message: string) => void,
): void {
  for (const [field, text] of textsOf(raw)) {
    const problem = problemOf(text)
    if (problem) report(field ? `${path}.${field}` : path, problem)
  }
  if (known.text !== undefined) {
    const bytes = new TextEncoder().encode(known.text).length
    if (bytes > TEXT_MAX_BYTES)
      report(
        `${path}.text`,
        `has ${bytes} bytes of UTF-8, and WeChat accepts at most ${TEXT_MAX_BYTES}: shorten the text`,
      )
  }
  for (const kind of MESSAGE_KINDS) {
    for (const ref of mediaRefs({ [kind]: known[kind] })) {
      const field = ref.type === 'thumb' ? 'thumb' : 'file'
      if (hasMedia && !hasMedia(ref.id))
        report(`${path}.${kind}.${field}`, `there is no uploaded medium ${ref.id}: upload it first`)
    }
  }
}

/** Every text of the campaign's messages, with its path. */
function templatesOf({ steps, reply }: Campaign): [string, string][] {
  const ofSteps = steps.flatMap((s, i) => textsOf(s.send, `steps.${i}.send`))
  return [...ofSteps, ...textsOf(reply, 'reply')]
}

function accountWarnings(campaign: Campaign, { accounts }: CheckContext): Issue[] {
  if (!accounts) return []
  const known = new Set(accounts.map((a) => a.appId))
  return (campaign.accounts ?? []).flatMap((appId, i) =>
    known.has(appId)
      ? []
      : [{ path: `accounts.${i}`, message: `account ${appId} is not registered yet: add the account` }],
  )
}
