import type { auditView } from '../../api/routes/audit-routes.ts'
import type { tokenView } from '../../api/routes/token-routes.ts'
import type { userView } from '../../api/routes/user-routes.ts'
import { Code, Data, Empty, NextPage, StatePill, Time, timeCell } from '../components/basics.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { Page } from '../shell/page.tsx'
import { ACTIONS, ROLES, USER_STATES, useLabel } from '../texts/labels.ts'
import { ADMIN_TEXTS } from '../texts/page-texts.ts'
import { useText } from '../view.ts'

type UserView = ReturnType<typeof userView>
type TokenView = ReturnType<typeof tokenView>
type AuditView = ReturnType<typeof auditView>
interface ListPageProps<T> {
  items: T[]
  next: string | null
}

export const UsersPage = ({ items, next }: ListPageProps<UserView>) => {
  const texts = useText(ADMIN_TEXTS)
  const role = useLabel(ROLES)
  const state = useLabel(USER_STATES)
  const stateOf = (u: UserView) => (u.disabledAt ? 'disabled' : 'active')
  const columns: Column<UserView>[] = [
    { title: texts.userName, cell: (u) => <Data>{u.name}</Data> },
    { title: texts.role, cell: (u) => role(u.role) },
    { title: texts.state, cell: (u) => <StatePill state={stateOf(u)} label={state(stateOf(u))} /> },
    {
      title: texts.secondFactor,
      cell: (u) => (u.secondFactorSince ? texts.secondFactorOn : null),
    },
    { title: texts.addedAt, cell: (u) => timeCell(u.createdAt) },
    { title: texts.changedAt, cell: (u) => timeCell(u.updatedAt) },
  ]
  return (
    <Page title={texts.users} at="/users">
      {items.length === 0 ? (
        <Empty text={texts.noUser} hint={texts.noUserHint} command="npm run nurture -- user add NAME" />
      ) : (
        <DataTable columns={columns} rows={items} />
      )}
      <NextPage cursor={next} />
    </Page>
  )
}

export const TokensPage = ({ items, next, now }: ListPageProps<TokenView> & { now: number }) => {
  const texts = useText(ADMIN_TEXTS)
  const role = useLabel(ROLES)
  const hasExpired = (t: TokenView) => t.expiresAt !== null && Date.parse(t.expiresAt) <= now
  const columns: Column<TokenView>[] = [
    { title: texts.purpose, cell: (t) => <Data>{t.name}</Data> },
    { title: 'id', cell: (t) => <Code>{t.id}</Code> },
    { title: texts.role, cell: (t) => role(t.role) },
    { title: texts.createdBy, cell: (t) => <Data>{t.createdBy}</Data> },
    { title: texts.createdAt, cell: (t) => timeCell(t.createdAt) },
    {
      title: texts.expiresAt,
      cell: (t) =>
        t.expiresAt && (
          <>
            <Time at={t.expiresAt} /> {hasExpired(t) ? <b class="bad">{texts.expired}</b> : null}
          </>
        ),
    },
    { title: texts.lastUsedAt, cell: (t) => timeCell(t.lastUsedAt) },
  ]
  return (
    <Page title={texts.tokens} at="/tokens">
      {items.length === 0 ? (
        <Empty text={texts.noToken} hint={texts.noTokenHint} command="npm run nurture -- token create NAME" />
      ) : (
        <DataTable columns={columns} rows={items} />
      )}
      <NextPage cursor={next} />
    </Page>
  )
}

export const AuditPage = ({ items, next }: ListPageProps<AuditView>) => {
  const texts = useText(ADMIN_TEXTS)
  const action = useLabel(ACTIONS)
  const columns: Column<AuditView>[] = [
    { title: texts.time, cell: (e) => timeCell(e.at) },
    { title: texts.actor, cell: (e) => <Data>{e.actor}</Data> },
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
    { title: texts.target, cell: (e) => <Code>{e.target}</Code> },
    { title: texts.details, cell: (e) => <Data>{formatDetails(e.details)}</Data> },
  ]
  return (
    <Page title={texts.audit} at="/audit">
      {items.length === 0 ? <Empty text={texts.noEntry} /> : <DataTable columns={columns} rows={items} />}
      <NextPage cursor={next} />
    </Page>
  )
}

/** `role: viewer · expires: 90d`. Details have no nested values. */
function formatDetails(details: unknown): string {
  if (typeof details !== 'object' || details === null) return ''
  const shown = Object.entries(details).filter(([, value]) => value !== null)
  const formatValue = (value: unknown) => (Array.isArray(value) ? value.join(', ') : String(value))
  return shown.map(([key, value]) => `${key}: ${formatValue(value)}`).join(' · ')
}
