/** A row of a table of figures, with the command that measures it. */
export interface Row {
  what: string
  value: string
  command: string
}

/** The rows as a Markdown table. */
export function markdown(rows: readonly Row[]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [
    line(['Figure', 'Value', 'Command']),
    line(['---', '---', '---']),
    ...rows.map((r) => line([r.what, r.value, `\`${r.command}\``])),
  ].join('\n')
}
