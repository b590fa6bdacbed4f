import stringWidth from 'string-width'
import { printableLine } from './printable.ts'

/** Formats rows as aligned columns for a terminal, where a Chinese character is two columns wide. */
export function table(header: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = [header, ...rows].map((row) =>
    row.map((cell) => (cell === null || cell === undefined ? '' : printableLine(String(cell)))),
  )
  const widths = header.map((_, c) => Math.max(...cells.map((row) => stringWidth(row[c] ?? ''))))
  return cells
    .map((row) =>
      row
        .map((cell, c) => cell + ' '.repeat((widths[c] ?? 0) - stringWidth(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
