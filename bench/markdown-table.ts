/** A Markdown table with aligned columns. The first row is the head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => row[c]?.length ?? 0)))
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${widths.map((width, c) => (cells[c] ?? '').padEnd(width, fill)).join(' | ')} |`
  const [head = [], ...others] = rows
  return [line(head), line([], '-'), ...others.map((row) => line(row))].join('\n')
}
