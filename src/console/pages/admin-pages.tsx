import type { auditView } from '../../api/routes/audit-routes.ts'
import type { tokenView } from '../../api/routes/token-routes.ts'
import type { userView } from '../../api/routes/user-routes.ts'
import { Badge, Empty, NextPage, Table } from '../components.tsx'
import { ACTION_LABELS, labelFor, ROLE_LABELS } from '../labels.ts'
import { Heading, Layout, type PageContext, Time } from '../layout.tsx'

interface ListPageProps<T> {
  items: T[]
  next: string | null
  context: PageContext
}

export const UsersPage = ({ items, next, context: links }: ListPageProps<ReturnType<typeof userView>>) => (
  <Layout title="用户" at="/users" context={links}>
    <Heading zh="用户" en="users" />
    {items.length === 0 ? (
      <Empty zh="还没有用户：npm run nurture -- user add NAME" en="no user yet" />
    ) : (
      <Table
        headers={[
          '用户名 name',
          '角色 role',
          '状态 state',
          '两步验证 second factor',
          '添加时间 added',
          '修改时间 changed',
        ]}
      >
        {items.map((u) => (
          <tr>
            <td>{u.name}</td>
            <td>{labelFor(ROLE_LABELS, u.role)}</td>
            <td>
              <Badge state={u.disabledAt ? 'disabled' : 'active'} />
            </td>
            <td>{u.secondFactorSince ? '已启用 on' : '–'}</td>
            <td>
              <Time at={u.createdAt} />
            </td>
            <td>
              <Time at={u.updatedAt} />
            </td>
          </tr>
        ))}
      </Table>
    )}
    <NextPage cursor={next} />
  </Layout>
)

export const TokensPage = ({
  items,
  next,
  context: links,
  now,
}: ListPageProps<ReturnType<typeof tokenView>> & { now: number }) => (
  <Layout title="令牌" at="/tokens" context={links}>
    <Heading zh="API 令牌" en="API tokens" />
    {items.length === 0 ? (
      <Empty zh="还没有令牌：npm run nurture -- token create NAME" en="no token yet" />
    ) : (
      <Table
        headers={[
          '用途 name',
          'id',
          '角色 role',
          '创建人 created by',
          '创建时间 created',
          '到期时间 expires',
          '最近使用 last used',
        ]}
      >
        {items.map((t) => (
          <tr>
            <td>{t.name}</td>
            <td>
              <code>{t.id}</code>
            </td>
            <td>{labelFor(ROLE_LABELS, t.role)}</td>
            <td>{t.createdBy}</td>
            <td>
              <Time at={t.createdAt} />
            </td>
            <td>
              <Time at={t.expiresAt} />{' '}
              {t.expiresAt && Date.parse(t.expiresAt) <= now ? <b class="bad">已过期 expired</b> : null}
            </td>
            <td>
              <Time at={t.lastUsedAt} />
            </td>
          </tr>
        ))}
      </Table>
    )}
    <NextPage cursor={next} />
  </Layout>
)

export const AuditPage = ({ items, next, context: links }: ListPageProps<ReturnType<typeof auditView>>) => (
  <Layout title="操作记录" at="/audit" context={links}>
    <Heading zh="操作记录" en="audit log" />
    {items.length === 0 ? (
      <Empty zh="还没有记录" en="no entry yet" />
    ) : (
      <Table headers={['时间 at', '操作人 actor', '操作 action', '对象 target', '详情 details']}>
        {items.map((e) => (
          <tr>
            <td>
              <Time at={e.at} />
            </td>
            <td>{e.actor}</td>
            <td>
              {labelFor(ACTION_LABELS, e.action)} <small>{e.action}</small>
            </td>
            <td>
              <code>{e.target}</code>
            </td>
            <td class="quiet">{formatDetails(e.details)}</td>
          </tr>
        ))}
      </Table>
    )}
    <NextPage cursor={next} />
  </Layout>
)

/** `role: viewer · expires: 90d`. Details have no nested values. */
function formatDetails(details: unknown): string {
  if (typeof details !== 'object' || details === null) return ''
  const shown = Object.entries(details).filter(([, value]) => value !== null)
  const formatValue = (value: unknown) => (Array.isArray(value) ? value.join(', ') : String(value))
  return shown.map(([key, value]) => `${key}: ${formatValue(value)}`).join(' · ')
}
