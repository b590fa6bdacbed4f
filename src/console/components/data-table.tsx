import type { Child } from 'hono/jsx'
import { None } from './basics.tsx'

export interface Column<T> {
  title: string
  /** null: there is no value. On a phone such a line is left out. */
  cell(row: T): Child
}

/** A table, which the keyboard can scroll. On a phone each row is a card, with the titles beside the values. */
export function DataTable<T>({ columns, rows }: { columns: readonly Column<T>[]; rows: readonly T[] }) {
  return (
    <div class="table" tabindex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title }) => (
              <th scope="col">{title}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {columns.map(({ title, cell }) => (
                <Cell title={title} value={cell(row)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const Cell = ({ title, value }: { title: string; value: Child }) =>
  value === null ? (
    <td class="missing">
      <None />
    </td>
  ) : (
    <td data-title={title}>
      <div>{value}</div>
    </td>
  )
