import type { accountView } from '../../api/views/account-view.ts'
import { Badge, Empty, Table } from '../components.tsx'
import { Heading, Layout, type PageContext, Time } from '../layout.tsx'
import { requiredAction } from '../remedy.ts'

type AccountView = ReturnType<typeof accountView>

export const AccountsPage = ({ items, context }: { items: AccountView[]; context: PageContext }) => (
  <Layout title="账号" at="/" context={context}>
    <Heading zh="账号" en="accounts" />
    {context.authorisationUrl ? (
      <p class="row">
        <a href={context.authorisationUrl} referrerpolicy="origin">
          授权新账号 <small>authorise an account</small>
        </a>
        <a href={`${context.authorisationUrl}?device=phone`} referrerpolicy="origin">
          手机端授权链接 <small>link for phones</small>
        </a>
      </p>
    ) : null}
    {items.length === 0 ? (
      <Empty zh="还没有账号：npm run nurture -- account add" en="no account yet" />
    ) : (
      <Table
        headers={[
          '名称 name',
          'AppID',
          '模式 mode',
          '规则 rules',
          '退订 opt-out',
          '主动消息 unasked messages',
          '状态 state',
          '起始时间 since',
          '处理建议 what to do',
        ]}
      >
        {items.map((a) => (
          <tr>
            <td>{a.name}</td>
            <td>
              <code>{a.appId}</code>
            </td>
            <td>
              {a.mode}
              {a.kind === 'authorised' ? <div class="quiet">已授权 authorised</div> : null}
            </td>
            <td>{a.rules}</td>
            <td>{a.optOut ? <OptOutCell optOut={a.optOut} /> : '–'}</td>
            <td>
              <LimitsCell account={a} />
            </td>
            <td>
              <Badge state={a.state} /> <span class="quiet">{a.stateReason}</span>
              {a.stateUntil ? (
                <div class="quiet">
                  至 until <Time at={a.stateUntil} />
                </div>
              ) : null}
            </td>
            <td>
              <Time at={a.stateSince} />
            </td>
            <td>
              <RequiredActionCell account={a} context={context} />
            </td>
          </tr>
        ))}
      </Table>
    )}
  </Layout>
)

/** The keywords of an account's opt-out. */
const OptOutCell = ({ optOut }: { optOut: NonNullable<AccountView['optOut']> }) => (
  <>
    {optOut.keywords.join('、')}
    {optOut.resume ? <div class="quiet">恢复 resume: {optOut.resume.join('、')}</div> : null}
  </>
)

/** What holds back messages that answer nothing: the account's cap, and its quiet hours. */
const LimitsCell = ({ account: { cap, quietHours } }: { account: AccountView }) => (
  <>
    {cap ? (
      <div>
        {cap.per} 内最多 {cap.messages} 条{' '}
        <small>
          at most {cap.messages} in {cap.per}
        </small>
      </div>
    ) : null}
    {quietHours ? (
      <div>
        免打扰 {quietHours.from}–{quietHours.to} <small>quiet hours</small>
      </div>
    ) : null}
    {cap || quietHours ? null : '–'}
  </>
)

const RequiredActionCell = ({ account, context }: { account: AccountView; context: PageContext }) => {
  const { authorisationUrl } = context
  const action = requiredAction(account, { platform: Boolean(authorisationUrl) })
  if (!action) return <>–</>
  return (
    <>
      {action.zh} <small>{action.en}</small>
      {action.authorise && authorisationUrl ? (
        <div>
          <a href={authorisationUrl} referrerpolicy="origin">
            重新授权 <small>authorise again</small>
          </a>
        </div>
      ) : null}
    </>
  )
}
