import type { TargetAccount } from '../../api/views/campaign-account-view.ts'
import type { campaignView } from '../../api/views/campaign-view.ts'
import type { Issue } from '../../campaign/issue.ts'
import { Badge, Empty, NextPage, Table } from '../components.tsx'
import { Heading, Layout, type PageContext, Time } from '../layout.tsx'

type CampaignView = ReturnType<typeof campaignView>

export const CampaignsPage = ({ items, context }: { items: CampaignView[]; context: PageContext }) => (
  <Layout title="活动" at="/campaigns" context={context}>
    <Heading zh="活动" en="campaigns" />
    {items.length === 0 ? (
      <Empty zh="还没有活动：npm run nurture -- campaign put FILE" en="no campaign yet" />
    ) : (
      <Table
        headers={['名称 name', 'id', '版本 version', '状态 state', '账号 accounts', '发布时间 published']}
      >
        {items.map((x) => (
          <tr>
            <td>
              <a href={`/campaigns/${x.id}`}>{x.name}</a>
            </td>
            <td>
              <code>{x.id}</code>
            </td>
            <td>{x.version}</td>
            <td>
              <Badge state={x.broken === null ? x.state : 'broken'} />
            </td>
            <td>{x.accounts?.join(', ') ?? '全部 all'}</td>
            <td>
              <Time at={x.publishedAt} />
            </td>
          </tr>
        ))}
      </Table>
    )}
  </Layout>
)

export const CampaignPage = (props: {
  item: CampaignView
  accounts: { items: TargetAccount[]; next: string | null }
  source: string
  warnings: Issue[]
  context: PageContext
}) => (
  <Layout title={props.item.name} at="/campaigns" context={props.context}>
    <Heading zh={props.item.name} en={`${props.item.id}@${props.item.version}`} />
    <p>
      <Badge state={props.item.broken === null ? props.item.state : 'broken'} />
    </p>
    {props.item.broken === null ? null : (
      <p class="bad">
        该版本无法读取，新粉丝不会进入活动。请重新发布活动文件。{' '}
        <small>
          This version cannot be used, so no runs start. Publish its file again. {props.item.broken}
        </small>
      </p>
    )}
    {props.warnings.length > 0 ? (
      <ul class="warnings">
        {props.warnings.map((w) => (
          <li>
            <code>{w.path}</code> {w.message}
            {w.hint === undefined ? null : (
              <small>
                {' '}
                → {w.hint} docs/campaigns.md#{w.rule}
              </small>
            )}
          </li>
        ))}
      </ul>
    ) : null}
    <h2>
      账号 <small>accounts</small>
    </h2>
    <TargetAccounts {...props.accounts} />
    <h2>
      文件 <small>file</small>
    </h2>
    <pre>{props.source}</pre>
  </Layout>
)

/** The accounts of a campaign, and why it cannot run there. */
const TargetAccounts = ({ items, next }: { items: TargetAccount[]; next: string | null }) =>
  items.length === 0 ? (
    <Empty zh="还没有账号" en="no account yet" />
  ) : (
    <>
      <Table headers={['名称 name', 'AppID', '可用 can run', '原因和处理 what to do']}>
        {items.map((a) => (
          <tr>
            <td>{a.name ?? '–'}</td>
            <td>
              <code>{a.appId}</code>
            </td>
            <td>{a.reasons.length === 0 ? '是 yes' : <b class="bad">否 no</b>}</td>
            <td>
              {a.reasons.map((r) => (
                <div>
                  {r.zh} <small>{r.en}</small>
                </div>
              ))}
            </td>
          </tr>
        ))}
      </Table>
      <NextPage cursor={next} />
    </>
  )
