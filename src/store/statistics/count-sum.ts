import type { CountedRow } from '../../campaign/statistics/counted-row.ts'
import { sumDecimals } from '../../shared/decimals.ts'

/** A count as a driver returns it. `value` is a decimal number. */
export type StoredCount = Omit<CountedRow, 'n' | 'value'> & { n: number | string; value: number | string }

/** Adds up counts of the same kind. Amounts of money stay exact. */
export class CountSum {
  readonly #counts = new Map<string, { row: StoredCount; n: number; values: string[] }>()

  add(rows: readonly StoredCount[]): void {
    for (const row of rows) {
      const { version, variant, step, metric, day, scene } = row
      const key = JSON.stringify([version, variant, step, metric, day, scene])
      const known = this.#counts.get(key) ?? { row, n: 0, values: [] }
      known.n += Number(row.n)
      if (Number(row.value) !== 0) known.values.push(String(row.value))
      this.#counts.set(key, known)
    }
  }

  rows(): CountedRow[] {
    return [...this.#counts.values()].map(({ row, n, values }) => ({ ...row, n, value: sumDecimals(values) }))
  }
}
