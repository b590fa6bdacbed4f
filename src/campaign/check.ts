import { unstorablePaths } from '../shared/text.ts'
import type { RulesProfileName } from '../wechat/rules/rules.ts'
import { adviceWarnings } from './advice.ts'
import { answerIssues } from './check-answers.ts'
import { contentIssues } from './check-content.ts'
import type { CheckContext } from './check-context.ts'
import { structureIssues } from './check-structure.ts'
import type { Issue } from './issue.ts'
import { helpFor } from './issue-help.ts'
import { messagesOf, repliesOf, stepsOf } from './items.ts'
import { textsOf } from './message.ts'
import { type Campaign, campaignSchema, STEPS_MAX } from './model.ts'
import { playedFindings } from './played-findings.ts'
import { readYaml } from './read-yaml.ts'
import { describeSchemaIssue, schemaIssues } from './schema-issue.ts'
import {
  handoverWarnings,
  mediaIdWarnings,
  targetAccounts,
  variableWarnings,
  withAccountQuietHours,
} from './target-accounts.ts'
import { checkEmptyTexts } from './template/empty-text-check.ts'
import { typeOfField } from './typed-fields.ts'
import type { WayFindings } from './way-warnings.ts'

export interface CheckResult {
  /** Null exactly when there are issues. */
  campaign: Campaign | null
  /** Errors: the campaign could never work. In the order of the lines. */
  issues: Issue[]
  /** Messages that WeChat's rules will hold, and references to unknown accounts. In the order of the lines. */
  warnings: Issue[]
}

const ISSUES_MAX = 200
/** UTF-16 units of a file. */
export const FILE_MAX_CHARS = 256 * 1024
const EMPTY_FILE = 'is empty: write a campaign with id, name, entry and steps 文件是空的'

/** Checks a campaign file (YAML 1.2 or JSON). Reports all errors at once, each with its place. Never throws. */
export function checkCampaign(source: string, context: CheckContext = {}): CheckResult {
  if (source.length > FILE_MAX_CHARS)
    return refused([{ path: '', message: 'is larger than 256 KiB: split the campaign' }])
  const { value: file, issues: syntaxIssues, placeOf } = readYaml(source, typeOfField)
  if (file === undefined) {
    return refused(
      syntaxIssues.length > 0
        ? present(syntaxIssues, 'errors', placeOf)
        : [{ path: '', message: EMPTY_FILE }],
    )
  }
  const { value, issues: tooMany } = firstSteps(file)
  const parsed = campaignSchema.safeParse(value, { error: describeSchemaIssue })
  const invalid = [...unstorableIssues(value), ...(parsed.success ? [] : schemaIssues(parsed.error.issues))]
  const found = [...tooMany, ...syntaxIssues, ...withoutRepeats(invalid, syntaxIssues)]
  const reported = new Set(found.map((i) => i.path))
  found.push(...contentIssues(value, context).filter((i) => !reported.has(i.path)))
  const empty = parsed.success ? checkEmptyTexts(parsed.data, context.accounts) : null
  const structure = [...structureIssues(value), ...answerIssues(value)]
  found.push(...structure.filter((i) => !reported.has(i.path)))
  if (empty) found.push(...empty.issues)
  if (!parsed.success || found.length > 0) return refused(present(found, 'errors', placeOf))
  const played = playedAsServed(parsed.data, context)
  if (played.issues.length > 0) return refused(present(played.issues, 'errors', placeOf))
  const warnings = [
    ...accountWarnings(parsed.data, context),
    ...variableWarnings(templatesOf(parsed.data), targetAccounts(parsed.data.accounts, context.accounts)),
    ...mediaIdWarnings(parsed.data, context.accounts),
    ...handoverWarnings(parsed.data, targetAccounts(parsed.data.accounts, context.accounts)),
    ...(empty?.warnings ?? []),
    ...adviceWarnings(parsed.data, context),
    ...played.warnings,
  ]
  return { campaign: parsed.data, issues: [], warnings: present(warnings, 'warnings', placeOf) }
}

/** What a simulation shows, in the quiet hours that the followers have. */
function playedAsServed(file: Campaign, context: CheckContext): WayFindings {
  const { quietHours, accounts } = context
  const given = quietHours && file.quiet === undefined ? { ...file, quiet: quietHours } : file
  const { campaign, of } = withAccountQuietHours(given, accounts)
  return playedFindings(campaign, profileOf(campaign, context), of)
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
    .map((issue) => ({ ...placeOf(issue.path), ...issue, ...helpFor(issue) }))
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

/** Every text of the campaign's messages, with its path. */
function templatesOf(campaign: Campaign): [string, string][] {
  const messages = stepsOf(campaign).flatMap(messagesOf)
  const ofSteps = messages.flatMap(({ path, message }) => textsOf(message, path))
  return [...ofSteps, ...repliesOf(campaign).flatMap(({ path, message }) => textsOf(message, path))]
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
