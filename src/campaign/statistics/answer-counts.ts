import { eventList, type FileEvents } from '../event-model.ts'
import type { CountedRow } from './counted-row.ts'

/** How often a row of `answers` has answered. */
export interface AnswerCounts {
  /** Its place in the newest version that has it, like `answers.0`. */
  answer: string
  /** What it answers, like `message 价格 多少钱`; null when the version cannot be read. */
  on: string | null
  answered: number
}

/**
 * Counts by row of `answers`, in the order of the newest version. Rows of several versions are the same when they answer the same
 * events.
 * @param answersOf what each row of a version answers, see `describeEvents`; null: it cannot be read
 */
export function answerCounts(
  rows: readonly CountedRow[],
  answersOf: (version: number) => readonly string[] | null,
): AnswerCounts[] {
  const found = new Map<string, AnswerCounts & { version: number; place: number }>()
  for (const { version, step, metric, n } of rows) {
    if (metric !== 'answered') continue
    const place = Number(step.slice('answers.'.length))
    const on = answersOf(version)?.[place] ?? null
    const key = on ?? `${version}/${step}`
    const known = found.get(key)
    if (known) known.answered += n
    if (known && known.version >= version) continue
    found.set(key, { answer: step, on, answered: known?.answered ?? n, version, place })
  }
  return [...found.values()]
    .sort((a, b) => b.version - a.version || a.place - b.place)
    .map(({ answer, on, answered }) => ({ answer, on, answered }))
}

/** Events in one line: each with what it is compared with, and `or` between them. */
export function describeEvents(events: FileEvents): string {
  return eventList(events)
    .map(({ event, ...filters }) => [event, ...Object.entries(filters).flatMap(filterText)].join(' '))
    .join(' or ')
}

function filterText([name, value]: [string, unknown]): unknown[] {
  if (value === undefined) return []
  if (name === 'match') return [`(${String(value)})`]
  return Array.isArray(value) ? value : [typeof value === 'object' ? JSON.stringify(value) : value]
}
