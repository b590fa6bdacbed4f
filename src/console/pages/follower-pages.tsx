import type { readRun, viewItems } from '../../api/routes/follower-routes.ts'
import { workflowIdOf } from '../../shared/ids.ts'
import { Badge, Empty, Table } from '../components.tsx'
import { labelFor, OUTCOME_LABELS, REASON_LABELS, SCENE_LABELS, STATE_LABELS } from '../labels.ts'
import { Heading, Layout, type PageContext, Time } from '../layout.tsx'

type FollowerView = Awaited<ReturnType<typeof viewItems>>[number]
type RunView = NonNullable<Awaited<ReturnType<typeof readRun>>>

export const FollowersPage = (props: {
  items: FollowerView[]
  next: string | null
  query: Record<string, string>
  context: PageContext
}) => (
  <Layout title="粉丝" at="/followers" context={props.context}>
    <Heading zh="粉丝" en="followers" />
    <form class="filters" method="get">
      <input name="appId" placeholder="AppID" value={props.query.appId ?? ''} />
      <input name="campaign" placeholder="活动 campaign" value={props.query.campaign ?? ''} />
      <select name="status" aria-label="状态 status">
        {['', 'active', 'paused', 'ended'].map((s) => (
          <option value={s} selected={s === (props.query.status ?? '')}>
            {s ? labelFor(STATE_LABELS, s) : '全部状态 any status'}
          </option>
        ))}
      </select>
      <button type="submit">筛选 filter</button>
    </form>
    {props.items.length === 0 ? (
      <Empty zh="没有符合条件的粉丝" en="no follower matches" />
    ) : (
      <Table
        headers={[
          '粉丝 openId',
          '活动 campaign',
          '状态 status',
          '开始时间 started',
          '窗口关闭时间 window closes',
        ]}
      >
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
              <span class="quiet">{f.outcome ? labelFor(OUTCOME_LABELS, f.outcome) : ''}</span>
            </td>
            <td>
              <Time at={f.startedAt} />
            </td>
            <td>
              <Time at={f.endedAt ?? f.window.closesAt} />
            </td>
          </tr>
        ))}
      </Table>
    )}
    {props.next ? (
      <a href={`?${new URLSearchParams({ ...props.query, cursor: props.next })}`}>下一页 next page →</a>
    ) : null}
  </Layout>
)

export const FollowerPage = ({ run, context }: { run: RunView; context: PageContext }) => (
  <Layout title="粉丝" at="/followers" context={context}>
    <Heading zh="粉丝" en={run.openId} />
    <p class="row">
      {context.simulatorUrl ? (
        <a href={`${context.simulatorUrl}/phone/${run.appId}/${run.openId}`}>手机 phone</a>
      ) : null}
      {context.temporalUiUrl ? (
        <a
          href={`${context.temporalUiUrl}/namespaces/${context.namespace}/workflows/${encodeURIComponent(workflowIdOf(run.appId, run.openId))}`}
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
      {run.outcome ? <b>{labelFor(OUTCOME_LABELS, run.outcome)}</b> : null}
      <span class="quiet">{run.reason}</span>
      <span>{`${run.campaign}@${run.version}`}</span>
      <span class="quiet">
        窗口关闭 window closes <Time at={run.window.closesAt} />
      </span>
    </p>
    {run.goal ? (
      <p class="row">
        <b>达成目标 goal reached</b>
        <Time at={run.goal.at} />
        {run.goal.value === null ? null : <span>{`数值 value ${run.goal.value}`}</span>}
        {run.goal.step === null ? null : (
          <span class="quiet">
            在步骤之后 after step <code>{run.goal.step}</code>
          </span>
        )}
      </p>
    ) : null}
    <Table headers={['步骤 step', '状态 state', '计划时间 planned', '发送时间 sent', '原因 reason']}>
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
            {s.reason ? labelFor(REASON_LABELS, s.reason.split(':', 1)[0] ?? '') : ''}{' '}
            <span class="quiet">{s.reason}</span> {s.errcode ?? ''}
          </td>
        </tr>
      ))}
    </Table>
    {run.forks ? (
      <Table headers={['分支 fork', '状态 state', '等待至 until', '选择 took', '时间 at']}>
        {run.forks.map((f) => (
          <tr>
            <td>
              <code>{f.id}</code>
            </td>
            <td>
              <Badge state={f.state} />
            </td>
            <td>
              <Time at={f.until} />
            </td>
            <td>
              {f.took} <span class="quiet">{f.reason}</span>
            </td>
            <td>
              <Time at={f.takenAt} />
            </td>
          </tr>
        ))}
      </Table>
    ) : null}
    <h2>
      微信额度 <small>grants</small>
    </h2>
    {run.ledger.length === 0 ? (
      <Empty zh="没有额度" en="no grant" />
    ) : (
      <Table headers={['场景 scene', '已用 used', '到期时间 expires']}>
        {run.ledger.map((g) => (
          <tr>
            <td>
              {labelFor(SCENE_LABELS, g.scene)} <span class="quiet">{g.scene}</span>
            </td>
            <td>{`${g.used} / ${g.quota}`}</td>
            <td>
              <Time at={g.expiresAt} />
            </td>
          </tr>
        ))}
      </Table>
    )}
  </section>
)
