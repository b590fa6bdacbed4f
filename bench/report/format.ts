import { markdownTable } from '../markdown-table.ts'
import type { Figure } from '../stats.ts'

/** A measured value with its unit, with three significant digits at most: 1,250 ms is `1.3 s`, 9,800 bytes are `9.8 KB`. */
export function formatValue(value: number | null | undefined, unit: string): string {
  // JSON has no NaN and no infinity: such a value is null there.
  if (value === null || value === undefined || !Number.isFinite(value)) return 'not measured'
  if (unit === 'ms') return Math.abs(value) >= 1_000 ? formatSeconds(value / 1_000) : `${short(value)} ms`
  if (unit === 's') return formatSeconds(value)
  if (unit === 'bytes')
    return Math.abs(value) >= 1_000 ? `${short(value / 1_000)} KB` : `${short(value)} bytes`
  if (unit === '1/s') return `${short(value)}/s`
  if (unit === 'MiB') return `${count(value)} MiB`
  // The name of a figure says what it counts.
  return Number.isInteger(value) ? count(value) : short(value)
}

function formatSeconds(s: number): string {
  return Math.abs(s) >= 120 ? `${short(s / 60)} min` : `${short(s)} s`
}

const count = (value: number) => Math.round(value).toLocaleString('en')

/** Three significant digits at most, and one decimal at most below 10. */
function short(value: number): string {
  const [size, negative] = [Math.abs(value), value < 0 ? '-' : '']
  if (size >= 100) return count(value)
  if (size >= 0.1 || size === 0) return negative + size.toFixed(1).replace(/\.0$/, '')
  return negative + size.toPrecision(1)
}

/** How many times the reference a value is. */
export function formatRatio(figure: Figure): string {
  if (!figure.reference) return ''
  const ratio = figure.value / figure.reference.value
  return Number.isFinite(ratio) ? `${ratio.toFixed(ratio < 0.1 ? 2 : 1)} ×` : 'not measured'
}

/** Figures as a Markdown table. A column that nothing fills is left out. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { name, value, unit, reference, aim } = figure
    return [
      name,
      formatValue(value, unit),
      reference ? `${reference.name}: ${formatValue(reference.value, unit)}` : '',
      formatRatio(figure),
      aim ?? '',
    ]
  })
  const head = ['Figure', 'Value', 'Reference in the same run', 'Ratio', 'Aim']
  const used = head.map((_, c) => c < 2 || rows.some((row) => row[c] !== ''))
  return markdownTable([head, ...rows].map((row) => row.filter((_, c) => used[c])))
}

/** A name of two parts: the case, and what was measured of it. */
const OF_CASE = /^(.+?): (.+)$/

/**
 * Figures as Markdown tables: those of the form `CASE: WHAT` with a row for each `WHAT` and a column for each `CASE`, after
 * the others.
 */
export function figureTables(figures: readonly Figure[]): string[] {
  const isOfCase = (figure: Figure) => OF_CASE.test(figure.name) && !figure.reference
  const [cases, others] = [figures.filter(isOfCase), figures.filter((figure) => !isOfCase(figure))]
  return [others.length > 0 ? figureTable(others) : '', cases.length > 0 ? caseTable(cases) : ''].filter(
    Boolean,
  )
}

function caseTable(figures: readonly Figure[]): string {
  const columns: string[] = []
  const rows = new Map<string, Map<string, string>>()
  for (const { name, value, unit, aim } of figures) {
    const [, column = '', what = ''] = OF_CASE.exec(name) ?? []
    if (!columns.includes(column)) columns.push(column)
    const title = aim ? `${what} (aim: ${aim})` : what
    const row = rows.get(title) ?? new Map()
    rows.set(title, row.set(column, formatValue(value, unit)))
  }
  return markdownTable([
    ['Figure', ...columns],
    ...[...rows].map(([title, cells]) => [title, ...columns.map((column) => cells.get(column) ?? '')]),
  ])
}
