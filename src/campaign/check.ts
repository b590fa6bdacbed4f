import type { ZodError } from 'zod'
import { normaliseEntryKeyword, normaliseExitKeyword } from '../shared/keyword.ts'
import { unstorablePaths } from '../shared/text.ts'
import type { RulesProfileName } from '../wechat/rules/rules.ts'
import { describeDuration } from './duration.ts'
import { type Issue, isUnquoted, QUOTE_HINT } from './issue.ts'
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
  /** The id in the request's path, which the file must have too. */
  pathId?: string
  /** Registered accounts; absent: not checked. */
  accounts?: readonly TargetAccount[]
  /** Whether an uploaded medium is there; absent: not checked. */
  hasMedia?: (id: string) => boolean
  /** The rules for which warnings are given, when no account says so. */
  rules?: RulesProfileName
}

export interface CheckResult {
  /** Null exactly when there are issues. */
  campaign: Campaign | null
  /** What can never work. */
  issues: Issue[]
  /** What WeChat may hold back, and what is not registered yet. */
  warnings: Issue[]
}

/** WeChat's limit of a text message, bytes of UTF-8 (measured by others; the official page names none). */
const TEXT_MAX_BYTES = 2_048
const ISSUES_MAX = 200
/** UTF-16 units of a file. */
export const FILE_MAX_CHARS = 256 * 1024
/** Fields that are numbers. All others are texts; `check.test.ts` compares this with the schema. */
export const NUMERIC_FIELDS: ReadonlySet<string> = new Set(['priority'])

/** Checks a campaign file (YAML 1.2, and so JSON): all errors at once, each with its place. Never throws. */
export function checkCampaign(source: string, context: CheckContext = {}): CheckResult {
  if (source.length > FILE_MAX_CHARS) return refused([{ path: '', message: 'the file is over 256 KiB' }])
  const { value: file, issues: syntaxIssues, placeOf } = readYaml(source, NUMERIC_FIELDS)
  const place = (path: string): Issue => ({ path, message: '', ...placeOf(path) })
  if (file === undefined && syntaxIssues.length > 0) return refused(limitIssues(syntaxIssues))
  if (file === undefined || file === null) return refused([{ path: '', message: 'is empty 文件是空的' }])
  const { value, issues: tooMany } = firstSteps(file)
  const parsed = campaignSchema.safeParse(value)
  const invalid = [...unstorableIssues(value), ...(parsed.success ? [] : schemaIssues(parsed.error))]
  const found = [...tooMany, ...syntaxIssues, ...withoutRepeats(invalid, syntaxIssues)]
  const reported = new Set(found.map((i) => i.path))
  found.push(...contentIssues(value, context).filter((i) => !reported.has(i.path)))
  const empty = parsed.success ? checkEmptyTexts(parsed.data, context.accounts) : null
  if (parsed.success) found.push(...keywordIssues(parsed.data))
  if (empty) found.push(...empty.issues)
  if (!parsed.success || found.length > 0)
    return refused(limitIssues(found).map((i) => ({ ...place(i.path), ...i })))
  const warnings = [
    ...accountWarnings(parsed.data, context),
    ...variableWarnings(templatesOf(parsed.data), targetAccounts(parsed.data.accounts, context.accounts)),
    ...mediaIdWarnings(parsed.data, context.accounts),
    ...(empty?.warnings ?? []),
    ...previewWarnings(parsed.data, profileOf(parsed.data, context)),
  ]
  const shown = limitIssues(warnings, 'warnings')
  return { campaign: parsed.data, issues: [], warnings: shown.map((w) => ({ ...place(w.path), ...w })) }
}

/** A file with too many steps is told so, and only those that a campaign may have are looked at. */
function firstSteps(value: unknown): { value: unknown; issues: Issue[] } {
  if (typeof value !== 'object' || value === null || !('steps' in value)) return { value, issues: [] }
  const { steps } = value
  if (!Array.isArray(steps) || steps.length <= STEPS_MAX) return { value, issues: [] }
  const message = `a campaign has at most ${STEPS_MAX} steps, this one has ${steps.length}: split it into several 一个活动最多 ${STEPS_MAX} 步，这里有 ${steps.length} 步，请拆分`
  return { value: { ...value, steps: steps.slice(0, STEPS_MAX) }, issues: [{ path: 'steps', message }] }
}

/** What follows only from a field that was not readable is not told again: at its path, and at the maps around it. */
function withoutRepeats(invalid: readonly Issue[], syntaxIssues: readonly Issue[]): Issue[] {
  const reported = new Set<string>()
  for (const { path } of syntaxIssues) {
    // Where one is there already, so are those around it.
    for (let at = path; !reported.has(at); at = at.slice(0, at.lastIndexOf('.'))) {
      reported.add(at)
      if (!at.includes('.')) break
    }
  }
  return invalid.filter((w) => !reported.has(w.path))
}

/** Written as an escape: a file itself cannot hold them. */
function unstorableIssues(value: unknown): Issue[] {
  const message =
    'has half a character (like "\\ud83d" without the half after it) or a NUL: write the whole character'
  return unstorablePaths(value).map((path) => ({ path, message }))
}

/** A keyword that nobody can type, because nothing of it is visible. */
function keywordIssues({ entry, exit }: Campaign): Issue[] {
  const invisibleIn = (path: string, words: readonly string[] | undefined, form: (word: string) => string) =>
    (words ?? []).flatMap((word, i) =>
      form(word) === '' ? [{ path: `${path}.${i}`, message: 'has no visible character' }] : [],
    )
  return [
    ...invisibleIn('entry.keywords', entry.keywords, normaliseEntryKeyword),
    ...invisibleIn('exit.keywords', exit?.keywords, normaliseExitKeyword),
  ]
}

function refused(issues: Issue[]): CheckResult {
  return { campaign: null, issues, warnings: [] }
}

/** So many errors at once, and how many more: nobody reads thousands, and each is looked up in the file. */
function limitIssues(issues: Issue[], what = 'errors'): Issue[] {
  if (issues.length <= ISSUES_MAX) return issues
  const more = issues.length - ISSUES_MAX
  return [...issues.slice(0, ISSUES_MAX), { path: '', message: `and ${more} more ${what}` }]
}

/** The rules that warnings are about: the strictest of the accounts that the campaign serves. */
export function profileOf(campaign: Campaign, { accounts, rules }: CheckContext): RulesProfileName {
  if (rules) return rules
  const targets = targetAccounts(campaign.accounts, accounts)
  return targets.length > 0 && targets.every((a) => a.rules === 'classic-48h') ? 'classic-48h' : 'wechat-2023'
}

function schemaIssues(error: Pick<ZodError, 'issues'>): Issue[] {
  return error.issues.flatMap((i): Issue[] => {
    const path = i.path.join('.')
    // Of several forms the one that was meant is known by a field inside it, as in reentry.after.
    const meant = i.code === 'invalid_union' && i.errors.find((form) => form.some((e) => e.path.length > 0))
    if (meant) return schemaIssues({ issues: meant }).map((e) => ({ ...e, path: `${path}.${e.path}` }))
    if (i.code === 'unrecognized_keys') {
      return i.keys.map((key) => ({ path: [...i.path, key].join('.'), message: `unknown field "${key}"` }))
    }
    return [{ path, message: describeIssue(i) }]
  })
}

function describeIssue(issue: ZodError['issues'][number]): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return 'is missing'
  return isUnquoted(issue) ? QUOTE_HINT : issue.message
}

/** What only the whole file shows: ids twice, delays beyond the window, templates, lengths, media. */
function contentIssues(file: unknown, context: CheckContext): Issue[] {
  const campaign = draftSchema.parse(file)
  const problemOf = createTextCheck(accountVariableNames(file, context.accounts))
  const issues: Issue[] = []
  const report = (path: string, message: string) => issues.push({ path, message })
  if (context.pathId !== undefined && campaign.id !== undefined && context.pathId !== campaign.id) {
    report('id', `the file's id is ${campaign.id}, but it was sent to ${context.pathId}`)
  }
  const seen = new Map<string, number>()
  /** Undefined where a delay cannot be read. */
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
        `${at}${sum} is beyond the window of ${describeDuration(campaign.window)}: it could never be sent`,
      )
    }
    messageIssues(step.send, `steps.${i}.send`, { ...context, problemOf }, report)
  }
  messageIssues(campaign.reply, 'reply', { ...context, problemOf }, report)
  for (const [field, text] of textsOf(campaign.reply.raw)) {
    // Its answer has no time to ask WeChat.
    if (usesFollowerAttributes(text))
      report(`reply.${field}`, 'a reply cannot name follower.…: use it in a step')
  }
  return issues
}

/** What is wrong with a text of the file; null: nothing, or nothing more is looked at. */
type TextCheck = (text: string) => string | null

/** Each text once, wherever it stands, and all of them within the work that a file may take. */
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

const OVER_BUDGET = `the templates of this file take too much work (over ${FILE_STEPS} steps together); this one and those after it were not checked: write simpler ones, or split the campaign 本文件的模板运算量过大（合计超过 ${FILE_STEPS} 步），此处及之后的模板未检查：请简化模板，或拆分活动`

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
      report(`${path}.text`, `the text has ${bytes} bytes of UTF-8, WeChat takes ${TEXT_MAX_BYTES}`)
  }
  for (const kind of MESSAGE_KINDS) {
    for (const ref of mediaRefs({ [kind]: known[kind] })) {
      const field = ref.type === 'thumb' ? 'thumb' : 'file'
      if (hasMedia && !hasMedia(ref.id))
        report(`${path}.${kind}.${field}`, `no uploaded medium ${ref.id}: upload it first`)
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
    known.has(appId) ? [] : [{ path: `accounts.${i}`, message: `account ${appId} is not registered yet` }],
  )
}
