import type { ZodError } from 'zod'
import { unstorablePaths } from '../text.ts'
import type { RulesProfileName } from '../wechat/rules.ts'
import { describeDuration } from './duration.ts'
import { emptyTexts } from './empty-texts.ts'
import { type Issue, isUnquoted, QUOTE_IT } from './issue.ts'
import { entryWord, exitWord } from './keyword.ts'
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
import { readFile } from './read-file.ts'
import { mediaIdWarnings, ownVariables, type ServedAccount, served, variableWarnings } from './served.ts'
import { checkTemplate, namesFollower } from './template.ts'
import { createWork, FILE_STEPS, WorkLimitError } from './work.ts'

export interface CheckContext {
  /** The id in the request's path, which the file must have too. */
  pathId?: string
  /** Registered accounts; absent: not checked. */
  accounts?: readonly ServedAccount[]
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
export const NUMBERS: ReadonlySet<string> = new Set(['priority'])

/** Checks a campaign file (YAML 1.2, and so JSON): all errors at once, each with its place. Never throws. */
export function checkCampaign(source: string, context: CheckContext = {}): CheckResult {
  if (source.length > FILE_MAX_CHARS) return refused([{ path: '', message: 'the file is over 256 KiB' }])
  const { value: whole, issues: unread, placeOf } = readFile(source, NUMBERS)
  const place = (path: string): Issue => ({ path, message: '', ...placeOf(path) })
  if (whole === undefined && unread.length > 0) return refused(readable(unread))
  const { value, issues: tooMany } = firstSteps(whole)
  const parsed = campaignSchema.safeParse(value)
  const wrong = [...unstorableIssues(value), ...(parsed.success ? [] : schemaIssues(parsed.error))]
  const found = [...tooMany, ...unread, ...notYetTold(wrong, unread)]
  const told = new Set(found.map((i) => i.path))
  found.push(...contentIssues(value, context).filter((i) => !told.has(i.path)))
  const empty = parsed.success ? emptyTexts(parsed.data, context.accounts) : null
  if (parsed.success) found.push(...keywordIssues(parsed.data))
  if (empty) found.push(...empty.issues)
  if (!parsed.success || found.length > 0)
    return refused(readable(found).map((i) => ({ ...place(i.path), ...i })))
  const warnings = [
    ...accountWarnings(parsed.data, context),
    ...variableWarnings(templatesOf(parsed.data), served(parsed.data.accounts, context.accounts)),
    ...mediaIdWarnings(parsed.data, context.accounts),
    ...(empty?.warnings ?? []),
    ...previewWarnings(parsed.data, profileOf(parsed.data, context)),
  ]
  const shown = readable(warnings, 'warnings')
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
function notYetTold(wrong: readonly Issue[], unread: readonly Issue[]): Issue[] {
  const told = new Set<string>()
  for (const { path } of unread) {
    // Where one is there already, so are those around it.
    for (let at = path; !told.has(at); at = at.slice(0, at.lastIndexOf('.'))) {
      told.add(at)
      if (!at.includes('.')) break
    }
  }
  return wrong.filter((w) => !told.has(w.path))
}

/** Written as an escape: a file itself cannot hold them. */
function unstorableIssues(value: unknown): Issue[] {
  const message =
    'has half a character (like "\\ud83d" without the half after it) or a NUL: write the whole character'
  return unstorablePaths(value).map((path) => ({ path, message }))
}

/** A keyword that nobody can type, because nothing of it is visible. */
function keywordIssues({ entry, exit }: Campaign): Issue[] {
  const unseen = (path: string, words: readonly string[] | undefined, form: (word: string) => string) =>
    (words ?? []).flatMap((word, i) =>
      form(word) === '' ? [{ path: `${path}.${i}`, message: 'has no visible character' }] : [],
    )
  return [
    ...unseen('entry.keywords', entry.keywords, entryWord),
    ...unseen('exit.keywords', exit?.keywords, exitWord),
  ]
}

function refused(issues: Issue[]): CheckResult {
  return { campaign: null, issues, warnings: [] }
}

/** So many errors at once, and how many more: nobody reads thousands, and each is looked up in the file. */
function readable(issues: Issue[], what = 'errors'): Issue[] {
  if (issues.length <= ISSUES_MAX) return issues
  const more = issues.length - ISSUES_MAX
  return [...issues.slice(0, ISSUES_MAX), { path: '', message: `and ${more} more ${what}` }]
}

/** The rules that warnings are about: the strictest of the accounts that the campaign serves. */
export function profileOf(campaign: Campaign, { accounts, rules }: CheckContext): RulesProfileName {
  if (rules) return rules
  const those = served(campaign.accounts, accounts)
  return those.length > 0 && those.every((a) => a.rules === 'classic-48h') ? 'classic-48h' : 'wechat-2023'
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
    return [{ path, message: inWords(i) }]
  })
}

function inWords(issue: ZodError['issues'][number]): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return 'is missing'
  return isUnquoted(issue) ? QUOTE_IT : issue.message
}

/** What only the whole file shows: ids twice, delays beyond the window, templates, lengths, media. */
function contentIssues(file: unknown, context: CheckContext): Issue[] {
  const campaign = draftSchema.parse(file)
  const troubleOf = createTextCheck(ownVariables(file, context.accounts))
  const issues: Issue[] = []
  const say = (path: string, message: string) => issues.push({ path, message })
  if (context.pathId !== undefined && campaign.id !== undefined && context.pathId !== campaign.id) {
    say('id', `the file's id is ${campaign.id}, but it was sent to ${context.pathId}`)
  }
  const seen = new Map<string, number>()
  /** Undefined where a delay cannot be read. */
  const planned: (number | undefined)[] = []
  for (const [i, step] of campaign.steps.entries()) {
    const twin = step.id === undefined ? undefined : seen.get(step.id)
    if (twin !== undefined) say(`steps.${i}.id`, `step ${step.id} stands at steps.${twin} already`)
    if (step.id !== undefined) seen.set(step.id, i)
    const before = step.since === 'previous' && i > 0 ? planned[i - 1] : 0
    const due = before === undefined || step.after === undefined ? undefined : before + step.after
    planned.push(due)
    if (before !== undefined && step.after !== undefined && before + step.after > campaign.window) {
      const sum = before > 0 ? ` (${describeDuration(before)} + ${describeDuration(step.after)})` : ''
      const at = describeDuration(before + step.after)
      say(
        `steps.${i}.after`,
        `${at}${sum} is beyond the window of ${describeDuration(campaign.window)}: it could never be sent`,
      )
    }
    messageIssues(step.send, `steps.${i}.send`, { ...context, troubleOf }, say)
  }
  messageIssues(campaign.reply, 'reply', { ...context, troubleOf }, say)
  for (const [field, text] of textsOf(campaign.reply.raw)) {
    // Its answer has no time to ask WeChat.
    if (namesFollower(text)) say(`reply.${field}`, 'a reply cannot name follower.…: use it in a step')
  }
  return issues
}

/** What is wrong with a text of the file; null: nothing, or nothing more is looked at. */
type TextCheck = (text: string) => string | null

/** Each text once, wherever it stands, and all of them within the work that a file may take. */
function createTextCheck(own: ReadonlySet<string> | null): TextCheck {
  const work = createWork(FILE_STEPS)
  const known = new Map<string, string | null>()
  let isOver = false
  return (text) => {
    const found = known.get(text)
    if (found !== undefined || isOver) return found ?? null
    try {
      const trouble = checkTemplate(text, own, work)
      known.set(text, trouble)
      return trouble
    } catch (err) {
      if (!(err instanceof WorkLimitError)) throw err
      isOver = true
      return TOO_MUCH_WORK
    }
  }
}

const TOO_MUCH_WORK = `the templates of this file take too much work (over ${FILE_STEPS} steps together); this one and those after it were not checked: write simpler ones, or split the campaign 本文件的模板运算量过大（合计超过 ${FILE_STEPS} 步），此处及之后的模板未检查：请简化模板，或拆分活动`

function messageIssues(
  { raw, known }: DraftMessage,
  path: string,
  { hasMedia, troubleOf }: CheckContext & { troubleOf: TextCheck },
  say: (path: string, message: string) => void,
): void {
  for (const [field, text] of textsOf(raw)) {
    const trouble = troubleOf(text)
    if (trouble) say(field ? `${path}.${field}` : path, trouble)
  }
  if (known.text !== undefined) {
    const bytes = new TextEncoder().encode(known.text).length
    if (bytes > TEXT_MAX_BYTES)
      say(`${path}.text`, `the text has ${bytes} bytes of UTF-8, WeChat takes ${TEXT_MAX_BYTES}`)
  }
  for (const kind of MESSAGE_KINDS) {
    for (const ref of mediaRefs({ [kind]: known[kind] })) {
      const field = ref.type === 'thumb' ? 'thumb' : 'file'
      if (hasMedia && !hasMedia(ref.id))
        say(`${path}.${kind}.${field}`, `no uploaded medium ${ref.id}: upload it first`)
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
