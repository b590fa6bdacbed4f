import { markdownTable } from '../markdown-table.ts'
import { ADAPTERS } from './adapters/index.ts'
import type { PeerResult } from './index.ts'
import { OPERATOR_FACTS } from './operator-facts.ts'
import type { StoryFigures } from './story.ts'
import { spreadOf, type Tally } from './tally.ts'

const PRODUCT_SETTINGS = '`npm start` with PostgreSQL, Temporal on SQLite, `classic-48h`, `onUnknown: retry`'

/** The results as Markdown: three tables of figures, one of facts, and what was not measured. */
export function peerTables(results: readonly PeerResult[]): string {
  const measured = results.filter(({ rounds }) => rounds.length > 0)
  const parts = [
    measured.length > 0 ? speedTable(measured) : '',
    measured.length > 0 ? spaceTable(measured) : '',
    measured.length > 0 ? faultTable(measured) : '',
    operatorTable(results),
    list(
      'Settings that differ from the defaults:',
      measured.map((r) => `${titleOf(r.name)}: ${settingsOf(r.name)}`),
    ),
    list(
      'Not measured:',
      results.flatMap(({ name, missing }) =>
        missing === null ? [] : [`${titleOf(name)}: ${firstLine(missing)}`],
      ),
    ),
    list(
      'Rounds that failed and are not in the tables:',
      results.flatMap(({ name, failures }) => failures.map((text) => `${titleOf(name)}, ${firstLine(text)}`)),
    ),
  ]
  return parts.filter(Boolean).join('\n\n')
}

function speedTable(results: readonly PeerResult[]): string {
  return markdownTable([
    [
      'Design',
      'Rounds',
      'Accepted a second',
      'Lateness p50, ms',
      'Lateness p99, ms',
      'Cancel p50, ms',
      'Cancel p99, ms',
    ],
    ...results.map(({ name, rounds }) => [
      titleOf(name),
      String(rounds.length),
      figure(rounds, (r) => r.acceptedPerS),
      figure(rounds, (r) => r.lateness.p50),
      figure(rounds, (r) => r.lateness.p99),
      figure(rounds, (r) => r.cancel?.p50 ?? null, 'not possible'),
      figure(rounds, (r) => r.cancel?.p99 ?? null, 'not possible'),
    ]),
  ])
}

function spaceTable(results: readonly PeerResult[]): string {
  return markdownTable([
    ['Design', 'Waiting messages', 'Memory each, KB', 'Disk each, KB'],
    ...results.map(({ name, rounds }) => [
      titleOf(name),
      figure(rounds, (r) => r.waiting),
      figure(rounds, (r) => r.memoryEach / 1_000),
      figure(rounds, (r) => (r.diskEach === null ? null : r.diskEach / 1_000), 'none'),
    ]),
  ])
}

function faultTable(results: readonly PeerResult[]): string {
  const without = 'no store'
  const of = (rounds: readonly StoryFigures[], pick: (r: StoryFigures) => number | null) =>
    figure(rounds, pick, without)
  return markdownTable([
    [
      'Design',
      'Messages a fault',
      'kill -9: missing',
      'kill -9: sent twice',
      'Dropped connection: missing',
      'Dropped connection: sent twice',
      'No fault: missing, twice, cancelled but sent',
    ],
    ...results.map(({ name, rounds }) => [
      titleOf(name),
      String(rounds[0]?.killed.expected ?? 0),
      of(rounds, (r) => r.killed.missing),
      of(rounds, (r) => r.killed.twice),
      of(rounds, (r) => r.disconnected?.missing ?? null),
      of(rounds, (r) => r.disconnected?.twice ?? null),
      quietTotals(rounds.map((r) => r.quiet)),
    ]),
  ])
}

/** Totals over all rounds: in the quiet stage each of them should be 0. */
function quietTotals(tallies: readonly Tally[]): string {
  const total = (key: 'missing' | 'twice' | 'cancelledButSent') => tallies.reduce((sum, t) => sum + t[key], 0)
  return [total('missing'), total('twice'), total('cancelledButSent')].join(', ')
}

function operatorTable(results: readonly PeerResult[]): string {
  const rows = results.flatMap(({ name }) => {
    const facts = OPERATOR_FACTS[name]
    if (!facts) return []
    const { inspect, cancel, retry, fairness, source } = facts
    return [[titleOf(name), inspect, cancel, retry, fairness, source]]
  })
  if (rows.length === 0) return ''
  return markdownTable([
    ['Design', 'Inspect', 'Cancel', 'Retry', 'Fairness between accounts', 'Source'],
    ...rows,
  ])
}

/** The median, with the smallest and the greatest round. */
function figure(
  rounds: readonly StoryFigures[],
  pick: (round: StoryFigures) => number | null,
  without = '–',
): string {
  const spread = spreadOf(rounds.map(pick))
  if (!spread) return without
  const { median, min, max } = spread
  return min === max ? short(median) : `${short(median)} (${short(min)} to ${short(max)})`
}

/** Three significant digits at most. */
function short(x: number): string {
  if (!Number.isFinite(x)) return 'unknown'
  return Number(Math.abs(x) >= 100 ? x.toFixed(0) : x.toPrecision(2)).toLocaleString('en-US')
}

function titleOf(name: string): string {
  return ADAPTERS[name]?.title ?? { product: '**the product**', keydb: 'KeyDB' }[name] ?? name
}

function settingsOf(name: string): string {
  return ADAPTERS[name]?.settings ?? PRODUCT_SETTINGS
}

function list(head: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [head, '', ...lines.map((line) => `- ${line}`)].join('\n')
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}
