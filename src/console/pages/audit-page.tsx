import type { auditView } from '../../api/routes/audit-routes.ts'
import { Code, Data, Empty, NextPage, timeCell } from '../components/basics.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { Page } from '../shell/page.tsx'
import { AUDIT_TEXTS } from '../texts/admin-texts.ts'
import { ACTIONS, useLabel } from '../texts/labels.ts'
import { useText, useView } from '../view.ts'

type AuditView = ReturnType<typeof auditView>

/** The fields of the filter, as they stand in the URL. Days are Beijing's. */
export const AUDIT_FILTERS = ['actor', 'action', 'target', 'from', 'to'] as const
export type AuditQuery = Partial<Record<(typeof AUDIT_FILTERS)[number], string>>

export const AuditPage = (props: { items: AuditView[]; next: string | null; query: AuditQuery }) => {
  const texts = useText(AUDIT_TEXTS)
  const action = useLabel(ACTIONS)
  const isFiltered = Object.keys(props.query).length > 0
  const columns: Column<AuditView>[] = [
    { title: texts.time, cell: (e) => timeCell(e.at) },
    { title: texts.actor, cell: (e) => <FilterLink name="actor" value={e.actor} query={props.query} /> },
    {
      title: texts.action,
      cell: (e) => (
        <>
          {action(e.action)}{' '}
          <span class="quiet">
            <Code>{e.action}</Code>
          </span>
        </>
      ),
    },
    { title: texts.target, cell: (e) => <FilterLink name="target" value={e.target} query={props.query} /> },
    { title: texts.details, cell: (e) => <Data>{formatDetails(e.details)}</Data> },
  ]
  return (
    <Page title={texts.title} at="/audit">
      <Filters query={props.query} />
      {props.items.length === 0 ? (
        <Empty text={isFiltered ? texts.noMatch : texts.empty} />
      ) : (
        <DataTable columns={columns} rows={props.items} />
      )}
      <NextPage cursor={props.next} query={props.query as Record<string, string>} />
    </Page>
  )
}

const FilterLink = (props: { name: 'actor' | 'target'; value: string; query: AuditQuery }) => (
  <a href={`?${new URLSearchParams({ ...props.query, [props.name]: props.value })}`}>
    <Data>{props.value}</Data>
  </a>
)

const Filters = ({ query }: { query: AuditQuery }) => {
  const texts = useText(AUDIT_TEXTS)
  const { language } = useView()
  const actions = Object.entries(ACTIONS[language]).sort(([, a], [, b]) => a.localeCompare(b, language))
  return (
    <form class="filters" method="get">
      <input
        name="actor"
        placeholder={texts.actor}
        aria-label={texts.actor}
        value={query.actor ?? ''}
        data-find
      />
      <select name="action" aria-label={texts.action}>
        <option value="">{texts.anyAction}</option>
        {actions.map(([value, label]) => (
          <option value={value} selected={value === query.action}>
            {label}
          </option>
        ))}
      </select>
      <input
        name="target"
        placeholder={texts.target}
        title={texts.targetHint}
        aria-label={texts.target}
        value={query.target ?? ''}
      />
      <label class="inline-label">
        {texts.from}
        <input type="date" name="from" value={query.from ?? ''} />
      </label>
      <label class="inline-label">
        {texts.to}
        <input type="date" name="to" value={query.to ?? ''} />
      </label>
      <button type="submit">{texts.filter}</button>
      {Object.keys(query).length > 0 ? <a href="/audit">{texts.clear}</a> : null}
    </form>
  )
}

/** `role: viewer · expires: 90d`. Details have no nested values. */
function formatDetails(details: unknown): string {
  if (typeof details !== 'object' || details === null) return ''
  const shown = Object.entries(details).filter(([, value]) => value !== null)
  const formatValue = (value: unknown) => (Array.isArray(value) ? value.join(', ') : String(value))
  return shown.map(([key, value]) => `${key}: ${formatValue(value)}`).join(' · ')
}
