import { isRecord } from '../shared/is-record.ts'
import { listOf } from '../shared/list-of.ts'
import type { CheckContext } from './check-context.ts'
import type { Report } from './draft-events.ts'
import { type DraftItem, draftDuration, draftItems, draftWindow, flatItems } from './draft-items.ts'
import { describeDuration } from './duration.ts'
import type { Issue } from './issue.ts'
import { mediaRefs, TEXT_MAX_BYTES, textsOf } from './message.ts'
import { type DraftMessage, draftMessage, MESSAGE_KINDS } from './message-model.ts'
import { accountVariableNames } from './target-accounts.ts'
import { BudgetExceededError, createStepBudget, FILE_STEPS } from './template/step-budget.ts'
import { checkTemplate, usesFacts, usesFollowerAttributes } from './template/template.ts'

/** Issues that the schema cannot find: duplicate ids, delays beyond the window, templates, lengths, media. */
export function contentIssues(file: unknown, context: CheckContext): Issue[] {
  const campaign = isRecord(file) ? file : {}
  const problemOf = createTextCheck(accountVariableNames(file, context.accounts))
  const issues: Issue[] = []
  const report: Report = (path, message, help) => issues.push({ path, message, ...help })
  if (context.pathId !== undefined && typeof campaign.id === 'string' && context.pathId !== campaign.id) {
    report('id', `is ${campaign.id}, but the file was sent to ${context.pathId}: use the same id`)
  }
  const items = draftItems(campaign.steps, 'steps')
  delayIssues(items, draftWindow(campaign.window), report)
  for (const item of flatItems(items))
    if (item.kind === 'step')
      for (const { path, message } of item.messages)
        messageIssues(message, path, { ...context, problemOf }, report)
  for (const { path, reply } of draftReplies(campaign)) {
    messageIssues(reply, path, { ...context, problemOf }, report)
    for (const [field, text] of textsOf(reply.raw)) {
      // The callback must be answered before WeChat could be asked.
      if (usesFollowerAttributes(text))
        report(`${path}.${field}`, 'a reply cannot use follower.…: use it in a step')
      if (usesFacts(text)) report(`${path}.${field}`, 'a reply cannot use fact.…: use it in a step')
    }
  }
  return issues
}

/** The passive replies of a file: of its entry, its answers and its opt-out. */
function draftReplies(campaign: Readonly<Record<string, unknown>>): { path: string; reply: DraftMessage }[] {
  const exit = isRecord(campaign.exit) ? campaign.exit : {}
  const given: [string, unknown][] = [
    ['reply', campaign.reply],
    ...listOf(campaign.answers).map((row, i): [string, unknown] => [
      `answers.${i}.reply`,
      isRecord(row) ? row.reply : undefined,
    ]),
    ['exit.reply', exit.reply],
    ['exit.resumeReply', exit.resumeReply],
  ]
  return given.flatMap(([path, raw]) => (raw === undefined ? [] : [{ path, reply: draftMessage(raw) }]))
}

/** Delays of the steps above the first fork, whose times do not depend on the follower. */
function delayIssues(items: readonly DraftItem[], windowMs: number, report: Report): void {
  /** The planned time of the step before, ms after its reference; undefined for an invalid delay and for a local time. */
  let previous: number | undefined = 0
  for (const item of items) {
    if (item.kind !== 'step') return
    const { raw, path } = item
    const hasDelay = raw.at === undefined && raw.before === undefined && !isRecord(raw.since)
    const after = hasDelay ? draftDuration(raw.after ?? '0s') : undefined
    const before: number | undefined = raw.since === undefined || raw.since === 'previous' ? previous : 0
    previous = before === undefined || after === undefined ? undefined : before + after
    if (previous === undefined || before === undefined || after === undefined || previous <= windowMs)
      continue
    const sum = before > 0 ? ` (${describeDuration(before)} + ${describeDuration(after)})` : ''
    const window = describeDuration(windowMs)
    report(
      `${path}.after`,
      `${describeDuration(previous)}${sum} is beyond the window of ${window}: the step could never be sent`,
    )
  }
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

/** Fields of a message that go to WeChat as they stand: ids, and files. */
const LITERAL = /(?:^|\.)(?:file|mediaId|thumb|appId|id|as)$/
const NOT_FILLED_IN = 'variables are not filled in here: write the value itself'
const BY_FORK = { rule: 'variables', hint: 'Write a fork with when, and a step for each value' }

function messageIssues(
  { raw, known }: DraftMessage,
  path: string,
  { hasMedia, problemOf }: CheckContext & { problemOf: TextCheck },
  report: Report,
): void {
  for (const [field, text] of textsOf(raw)) {
    if (LITERAL.test(field)) {
      if (/\{[{%]/.test(text))
        report(`${path}.${field}`, NOT_FILLED_IN, path.startsWith('steps') ? BY_FORK : {})
      continue
    }
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
