import { isRecord } from '../shared/is-record.ts'
import { normaliseEntryKeyword, normaliseExitKeyword } from '../shared/keyword.ts'
import { listOf } from '../shared/list-of.ts'
import { contentIssues } from './check-content.ts'
import type { CheckContext } from './check-context.ts'
import { structureIssues } from './check-structure.ts'
import { eventsOf, invisibleKeywords, invisibleWords, type Report, wordsOf } from './draft-events.ts'
import type { Issue } from './issue.ts'
import type { OptOut } from './opt-out.ts'

type RawMap = Readonly<Record<string, unknown>>

/** Issues of the rows of `answers`, and of the keywords that end an opt-out. The file may have other errors. */
export function answerIssues(file: unknown): Issue[] {
  const campaign = isRecord(file) ? file : {}
  const issues: Issue[] = []
  const report: Report = (path, message) => issues.push({ path, message })
  const rows = listOf(campaign.answers).flatMap((row, i) =>
    isRecord(row) ? [{ row, path: `answers.${i}` }] : [],
  )
  for (const { row, path } of rows) invisibleKeywords(row.on, `${path}.on`, report)
  unreachable(rows, report)
  const exit = isRecord(campaign.exit) ? campaign.exit : {}
  invisibleWords(exit.resume, 'exit.resume', normaliseExitKeyword, report)
  return issues
}

/** Issues of the opt-out of an account, with the paths of the account's field `optOut`. The schema has accepted it. */
export function optOutIssues(optOut: OptOut, context: CheckContext): Issue[] {
  const file = { exit: optOut }
  const found = [...structureIssues(file), ...answerIssues(file), ...contentIssues(file, context)]
  return found.map((issue) => ({ ...issue, path: issue.path.replace(/^exit/, 'optOut') }))
}

/** Rows whose every event an earlier row takes. A row that hands over is not used for accounts without human agents. */
function unreachable(rows: readonly { row: RawMap; path: string }[], report: Report): void {
  const taken = new Map<string, string>()
  let catchAll: string | null = null
  for (const { row, path } of rows) {
    const events = eventsOf(row.on)
    const why = events.map((event) => whyTaken(event, taken, catchAll))
    if (events.length > 0 && why.every((reason) => reason !== null))
      report(path, `is never reached: ${why[0]}`)
    if (row.handover !== undefined) continue
    for (const event of events) {
      if (isMessage(event) && event.keywords === undefined) catchAll ??= path
      if (event.match === undefined || event.match === 'exact')
        for (const form of wordsOf(event.keywords).map(normaliseEntryKeyword))
          if (!taken.has(form)) taken.set(form, path)
    }
  }
}

function whyTaken(event: RawMap, taken: ReadonlyMap<string, string>, catchAll: string | null): string | null {
  if (!isMessage(event)) return null
  if (catchAll !== null) return `${catchAll} above takes every message`
  const words = wordsOf(event.keywords)
  const isExact = event.match === undefined || event.match === 'exact'
  const first = words[0]
  if (first === undefined || !isExact) return null
  if (!words.every((word) => taken.has(normaliseEntryKeyword(word)))) return null
  return `${first} stands in ${taken.get(normaliseEntryKeyword(first))} above`
}

function isMessage({ event, keywords, match }: RawMap): boolean {
  return event === 'message' || (event === undefined && (keywords !== undefined || match !== undefined))
}
