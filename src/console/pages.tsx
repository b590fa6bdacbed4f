import { raw } from 'hono/html'
import type { accountView } from '../api/accounts.ts'
import type { itemView as campaignView } from '../api/campaigns.ts'
import type { readRun, viewItems } from '../api/followers.ts'
import type { Issue } from '../campaign/issue.ts'
import { workflowIdOf } from '../ids.ts'
import { remedyOf } from '../wechat/errcodes.ts'
import { Heading, Layout, type Links, Time } from './layout.tsx'
import { OUTCOMES, REASONS, SCENES, STATES, wordFor } from './words.ts'

type AccountView = ReturnType<typeof accountView>
type CampaignView = ReturnType<typeof campaignView>
type FollowerView = Awaited<ReturnType<typeof viewItems>>[number]
type RunView = NonNullable<Awaited<ReturnType<typeof readRun>>>

const Badge = ({ state }: { state: string }) => (
  <span class={`badge ${state}`} title={state}>
    {wordFor(STATES, state)}
  </span>
)

const Empty = ({ zh, en }: { zh: string; en: string }) => (
  <p class="empty">
    {zh} <small>{en}</small>
  </p>
)

export const AccountsPage = ({ items, links }: { items: AccountView[]; links: Links }) => (
  <Layout title="账号" at="/" links={links}>
    <Heading zh="账号" en="accounts" />
    {links.authoriseUrl ? (
      <p class="row">
        <a href={links.authoriseUrl}>
          授权新账号 <small>authorise an account</small>
        </a>
        <a href={`${links.authoriseUrl}?device=phone`}>
          手机授权链接 <small>link for a phone</small>
        </a>
      </p>
    ) : null}
    {items.length === 0 ? (
      <Empty zh="还没有账号：npm run nurture -- account add" en="no account yet" />
    ) : (
      <table>
        <thead>
          <tr>
            <th>名称 name</th>
            <th>AppID</th>
            <th>模式 mode</th>
            <th>规则 rules</th>
            <th>状态 state</th>
            <th>需要做什么 what to do</th>
          </tr>
        </thead>
        <tbody>
          {items.map((a) => (
            <tr>
              <td>{a.name}</td>
              <td>
                <code>{a.appId}</code>
              </td>
              <td>{a.mode}</td>
              <td>{a.rules}</td>
              <td>
                <Badge state={a.state} /> <span class="quiet">{a.stateReason}</span>
              </td>
              <td>{remedyText(a)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </Layout>
)

/** The remedy for the code that a stopped account's reason begins with. */
function remedyText({ state, stateReason }: AccountView): string {
  if (state === 'active') return '–'
  const errcode = Number(/^-?\d+/.exec(stateReason ?? '')?.[0])
  return Number.isFinite(errcode) && errcode !== 0 ? remedyOf(errcode).zh : '恢复账号后继续发送'
}

export const CampaignsPage = ({ items, links }: { items: CampaignView[]; links: Links }) => (
  <Layout title="活动" at="/campaigns" links={links}>
    <Heading zh="活动" en="campaigns" />
    {items.length === 0 ? (
      <Empty zh="还没有活动：npm run nurture -- campaign put FILE" en="no campaign yet" />
    ) : (
      <table>
        <thead>
          <tr>
            <th>名称 name</th>
            <th>id</th>
            <th>版本 version</th>
            <th>状态 state</th>
            <th>账号 accounts</th>
            <th>发布 published</th>
          </tr>
        </thead>
        <tbody>
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
                <Badge state={x.state} />
              </td>
              <td>{x.accounts?.join(', ') ?? '全部 all'}</td>
              <td>
                <Time at={x.publishedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </Layout>
)

export const CampaignPage = (props: {
  item: CampaignView
  source: string
  warnings: Issue[]
  links: Links
}) => (
  <Layout title={props.item.name} at="/campaigns" links={props.links}>
    <Heading zh={props.item.name} en={`${props.item.id}@${props.item.version}`} />
    <p>
      <Badge state={props.item.state} />
    </p>
    {props.warnings.length > 0 ? (
      <ul class="warnings">
        {props.warnings.map((w) => (
          <li>
            <code>{w.path}</code> {w.message}
          </li>
        ))}
      </ul>
    ) : null}
    <pre>{props.source}</pre>
  </Layout>
)

export const FollowersPage = (props: {
  items: FollowerView[]
  next: string | null
  query: Record<string, string>
  links: Links
}) => (
  <Layout title="粉丝" at="/followers" links={props.links}>
    <Heading zh="粉丝" en="followers" />
    <form class="filters" method="get">
      <input name="appId" placeholder="AppID" value={props.query.appId ?? ''} />
      <input name="campaign" placeholder="活动 campaign" value={props.query.campaign ?? ''} />
      <select name="status" aria-label="状态 status">
        {['', 'active', 'paused', 'ended'].map((s) => (
          <option value={s} selected={s === (props.query.status ?? '')}>
            {s ? wordFor(STATES, s) : '全部状态 any status'}
          </option>
        ))}
      </select>
      <button type="submit">筛选 filter</button>
    </form>
    {props.items.length === 0 ? (
      <Empty zh="没有符合条件的粉丝" en="no follower matches" />
    ) : (
      <table>
        <thead>
          <tr>
            <th>粉丝 openId</th>
            <th>活动 campaign</th>
            <th>状态 status</th>
            <th>开始 started</th>
            <th>窗口关闭 window closes</th>
          </tr>
        </thead>
        <tbody>
          {props.items.map((f) => (
            <tr>
              <td>
                <a href={`/followers/${encodeURIComponent(f.appId)}/${encodeURIComponent(f.openId)}`}>
                  <code>{f.openId}</code>
                </a>
              </td>
              <td>{`${f.campaign}@${f.version}`}</td>
              <td>
                <Badge state={f.status} />{' '}
                <span class="quiet">{f.outcome ? wordFor(OUTCOMES, f.outcome) : ''}</span>
              </td>
              <td>
                <Time at={f.startedAt} />
              </td>
              <td>
                <Time at={f.endedAt ?? f.window.closesAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
    {props.next ? (
      <a href={`?${new URLSearchParams({ ...props.query, cursor: props.next })}`}>下一页 next page →</a>
    ) : null}
  </Layout>
)

export const FollowerPage = ({ run, links }: { run: RunView; links: Links }) => (
  <Layout title="粉丝" at="/followers" links={links}>
    <Heading zh="粉丝" en={run.openId} />
    <p class="row">
      {links.simulatorUrl ? (
        <a href={`${links.simulatorUrl}/phone/${run.appId}/${run.openId}`}>手机 phone</a>
      ) : null}
      {links.temporalUiUrl ? (
        <a
          href={`${links.temporalUiUrl}/namespaces/${links.namespace}/workflows/${encodeURIComponent(workflowIdOf(run.appId, run.openId))}`}
        >
          Temporal Web UI
        </a>
      ) : null}
    </p>
    <RunFragment run={run} />
  </Layout>
)

/** Refreshes itself while the run is active. */
export const RunFragment = ({ run }: { run: RunView }) => (
  <section
    id="run"
    {...(run.status === 'ended'
      ? {}
      : {
          'hx-get': `/followers/${encodeURIComponent(run.appId)}/${encodeURIComponent(run.openId)}/run`,
          'hx-trigger': 'every 2s',
          'hx-swap': 'outerHTML',
        })}
  >
    <p class="row">
      <Badge state={run.status} />
      {run.outcome ? <b>{wordFor(OUTCOMES, run.outcome)}</b> : null}
      <span class="quiet">{run.reason}</span>
      <span>{`${run.campaign}@${run.version}`}</span>
      <span class="quiet">
        窗口关闭 window closes <Time at={run.window.closesAt} />
      </span>
    </p>
    <table>
      <thead>
        <tr>
          <th>步骤 step</th>
          <th>状态 state</th>
          <th>计划 planned</th>
          <th>发送 sent</th>
          <th>原因 reason</th>
        </tr>
      </thead>
      <tbody>
        {run.steps.map((s) => (
          <tr>
            <td>
              <code>{s.id}</code>
            </td>
            <td>
              <Badge state={s.state} />
            </td>
            <td>
              <Time at={s.dueAt} />
            </td>
            <td>
              <Time at={s.sentAt} />
            </td>
            <td>
              {s.reason ? wordFor(REASONS, s.reason) : ''} <span class="quiet">{s.reason}</span>{' '}
              {s.errcode ?? ''}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
    <h2>
      微信额度 <small>grants</small>
    </h2>
    {run.ledger.length === 0 ? (
      <Empty zh="没有额度" en="no grant" />
    ) : (
      <table>
        <thead>
          <tr>
            <th>场景 scene</th>
            <th>已用 used</th>
            <th>到期 expires</th>
          </tr>
        </thead>
        <tbody>
          {run.ledger.map((g) => (
            <tr>
              <td>
                {wordFor(SCENES, g.scene)} <span class="quiet">{g.scene}</span>
              </td>
              <td>{`${g.used} / ${g.quota}`}</td>
              <td>
                <Time at={g.expiresAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </section>
)

export const SignInPage = ({ wrong }: { wrong: boolean }) => (
  <>
    {raw('<!DOCTYPE html>')}
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <title>登录 · FollowerNurture</title>
        <link rel="icon" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/console.css" />
      </head>
      <body>
        <form class="signin" method="post" action="/signin">
          <Heading zh="粉丝培育" en="FollowerNurture" />
          <label>
            管理令牌 <small>admin token</small>
            <input name="token" type="password" autocomplete="current-password" required />
          </label>
          {wrong ? <p class="bad">令牌不对 this is not the token</p> : null}
          <button type="submit">登录 sign in</button>
        </form>
      </body>
    </html>
  </>
)

export const MissingPage = ({ links }: { links: Links }) => (
  <Layout title="没有找到" at="" links={links}>
    <Heading zh="没有找到" en="not found" />
  </Layout>
)
