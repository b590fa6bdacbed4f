import { stringify } from 'csv-stringify/sync'
import type { Table } from '../campaign/statistics/statistics-tables.ts'

/**
 * A table as CSV for a spreadsheet: RFC 4180 with a header, in UTF-8 with a byte order mark, without which Excel in China reads
 * GBK. A text that a spreadsheet would execute as a formula, because it begins with `=`, `+`, `-`, `@`, a tab or a carriage
 * return, gets an apostrophe before it. Numbers stay numbers.
 */
export function csvOf({ header, rows }: Table): string {
  return stringify([[...header], ...rows.map((row) => [...row])], {
    bom: true,
    escape_formulas: true,
    record_delimiter: 'windows',
    // The library quotes only whole line ends.
    quoted_match: /[\r\n]/,
  })
}
