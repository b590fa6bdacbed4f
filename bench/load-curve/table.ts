import { markdownTable } from '../markdown-table.ts'
import { formatValue } from '../report/format.ts'
import type { LoadStep } from './load-step.ts'

/** The steps of a load curve as a Markdown table. */
export function loadCurveTable(steps: readonly LoadStep[]): string {
  return markdownTable([
    [
      'Follows a second',
      'Followers',
      'Messages a second',
      'Lateness of the first message, p50',
      'Lateness, p99',
      'Callback answered, p99',
      'Without a message',
    ],
    ...steps.map(({ offered, follows, served, lateness, answered, missing }) => [
      String(offered),
      formatValue(follows, ''),
      formatValue(served, '').replace(/\.0$/, ''),
      formatValue(lateness.p50, 'ms'),
      formatValue(lateness.p99, 'ms'),
      formatValue(answered.p99, 'ms'),
      formatValue(missing, ''),
    ]),
  ])
}
