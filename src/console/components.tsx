import type { Child } from 'hono/jsx'
import { labelFor, STATE_LABELS } from './labels.ts'

/** A table with a header; its children are the rows. */
export const Table = ({ headers, children }: { headers: readonly string[]; children?: Child }) => (
  <table>
    <thead>
      <tr>
        {headers.map((h) => (
          <th>{h}</th>
        ))}
      </tr>
    </thead>
    <tbody>{children}</tbody>
  </table>
)

export const Badge = ({ state }: { state: string }) => (
  <span class={`badge ${state}`} title={state}>
    {labelFor(STATE_LABELS, state)}
  </span>
)

export const Empty = ({ zh, en }: { zh: string; en: string }) => (
  <p class="empty">
    {zh} <small>{en}</small>
  </p>
)

export const NextPage = ({ cursor }: { cursor: string | null }) =>
  cursor ? <a href={`?${new URLSearchParams({ cursor })}`}>下一页 next page →</a> : null
