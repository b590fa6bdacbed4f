import { printableLine } from './printable.ts'

/** Rows as columns for a terminal. A Chinese character takes two of its columns. */
export function table(header: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = [header, ...rows].map((row) =>
    row.map((cell) => (cell === null || cell === undefined ? '' : printableLine(String(cell)))),
  )
  const widths = header.map((_, c) => Math.max(...cells.map((row) => displayWidth(row[c] ?? ''))))
  return cells
    .map((row) =>
      row
        .map((cell, c) => cell + ' '.repeat((widths[c] ?? 0) - displayWidth(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function displayWidth(text: string): number {
  return [...text].reduce((sum, char) => sum + (/[\u1100-\uffdc]/.test(char) ? 2 : 1), 0)
}
