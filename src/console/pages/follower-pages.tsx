import type { readRun, viewItems } from '../../api/routes/follower-routes.ts'
import { timeInBeijing } from '../../shared/beijing-time.ts'
import { workflowIdOf } from '../../shared/ids.ts'
import { Code, Data, Empty, NextPage, StatePill, Time, timeCell } from '../components/basics.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { Page } from '../shell/page.tsx'
import { FORK_STATES, OUTCOMES, REASONS, RUN_STATES, SCENES, STEP_STATES, useLabel } from '../texts/labels.ts'
import { FOLLOWER_TEXTS } from '../texts/page-texts.ts'
import { useText, useView } from '../view.ts'

type FollowerView = Awaited<ReturnType<typeof viewItems>>[number]
type RunView = NonNullable<Awaited<ReturnType<typeof readRun>>>
type StepView = RunView['steps'][number]
type ForkView = NonNullable<RunView['forks']>[number]
type GrantView = RunView['ledger'][number]

const followerPath = ({ appId, openId }: { appId: string; openId: string }) =>
  `/followers/${encodeURIComponent(appId)}/${encodeURIComponent(openId)}`

export const FollowersPage = (props: {
  items: FollowerView[]
  next: string | null
  query: Record<string, string>
}) => {
  const texts = useText(FOLLOWER_TEXTS)
  const columns: Column<FollowerView>[] = [
    {
      title: texts.follower,
      cell: (f) => (
        <a href={followerPath(f)}>
          <Code>{f.openId}</Code>
        </a>
      ),
    },
    { title: texts.campaign, cell: (f) => <Code>{`${f.campaign}@${f.version}`}</Code> },
    { title: texts.state, cell: (f) => <RunState run={f} /> },
    { title: texts.startedAt, cell: (f) => timeCell(f.startedAt) },
    { title: texts.windowCloses, cell: (f) => timeCell(f.endedAt ?? f.window.closesAt) },
  ]
  return (
    <Page title={texts.title} at="/followers">
      <Filters query={props.query} />
      {props.items.length === 0 ? (
        <Empty text={texts.empty} />
      ) : (
        <DataTable columns={columns} rows={props.items} />
      )}
      <NextPage cursor={props.next} query={props.query} />
    </Page>
  )
}

const Filters = ({ query }: { query: Record<string, string> }) => {
  const texts = useText(FOLLOWER_TEXTS)
  const label = useLabel(RUN_STATES)
  return (
    <form class="filters" method="get">
      <input name="appId" placeholder="AppID" aria-label="AppID" value={query.appId ?? ''} />
      <input
        name="campaign"
        placeholder={texts.campaignId}
        aria-label={texts.campaignId}
        value={query.campaign ?? ''}
      />
      <select name="status" aria-label={texts.state}>
        {['', 'active', 'paused', 'ended'].map((s) => (
          <option value={s} selected={s === (query.status ?? '')}>
            {s ? label(s) : texts.anyState}
          </option>
        ))}
      </select>
      <button type="submit">{texts.filter}</button>
    </form>
  )
}

const RunState = ({ run }: { run: Pick<RunView, 'status' | 'outcome'> }) => {
  const status = useLabel(RUN_STATES)
  const outcome = useLabel(OUTCOMES)
  return (
    <>
      <StatePill state={run.status} label={status(run.status)} />{' '}
      {run.outcome ? <span class="quiet">{outcome(run.outcome)}</span> : null}
    </>
  )
}

export const FollowerPage = ({ run }: { run: RunView }) => {
  const texts = useText(FOLLOWER_TEXTS)
  return (
    <Page title={texts.follower} at="/followers" aside={<FollowerLinks run={run} />}>
      <p>
        <Code>{run.openId}</Code>
      </p>
      <RunFragment run={run} />
    </Page>
  )
}

const FollowerLinks = ({ run }: { run: RunView }) => {
  const texts = useText(FOLLOWER_TEXTS)
  const { simulatorUrl, temporalUiUrl, namespace } = useView().links
  const workflow = encodeURIComponent(workflowIdOf(run.appId, run.openId))
  return (
    <p class="row">
      {simulatorUrl ? (
        <a class="button" href={`${simulatorUrl}/phone/${run.appId}/${run.openId}`}>
          {texts.phone}
        </a>
      ) : null}
      {temporalUiUrl ? (
        <a class="button" href={`${temporalUiUrl}/namespaces/${namespace}/workflows/${workflow}`}>
          {texts.temporal}
        </a>
      ) : null}
    </p>
  )
}

/** Refreshes itself while the run is active. */
export const RunFragment = ({ run }: { run: RunView }) => {
  const texts = useText(FOLLOWER_TEXTS)
  const refresh =
    run.status === 'ended'
      ? {}
      : { 'hx-get': `${followerPath(run)}/run`, 'hx-trigger': 'every 2s', 'hx-swap': 'outerHTML' }
  return (
    <section id="run" {...refresh}>
      <RunSummary run={run} />
      <section class="card">
        <h2>{texts.steps}</h2>
        <Steps steps={run.steps} />
      </section>
      {run.forks ? (
        <section class="card">
          <h2>{texts.forks}</h2>
          <Forks forks={run.forks} />
        </section>
      ) : null}
      <section class="card">
        <h2>{texts.grants}</h2>
        <Grants grants={run.ledger} />
      </section>
    </section>
  )
}

const RunSummary = ({ run }: { run: RunView }) => {
  const texts = useText(FOLLOWER_TEXTS)
  const { goal } = run
  const closesAt = run.window.closesAt
  return (
    <>
      <p class="row">
        <RunState run={run} />
        {run.reason ? (
          <span class="quiet">
            <Data>{run.reason}</Data>
          </span>
        ) : null}
        <Code>{`${run.campaign}@${run.version}`}</Code>
        {closesAt ? (
          <span class="quiet">{texts.windowClosesAt(timeInBeijing(Date.parse(closesAt)))}</span>
        ) : null}
      </p>
      {goal ? (
        <p class="row">
          <b>{texts.goal}</b>
          <Time at={goal.at} />
          {goal.value === null ? null : <span>{texts.goalValue(goal.value)}</span>}
          {goal.step === null ? null : (
            <span class="quiet">
              {texts.afterStep} <Code>{goal.step}</Code>
            </span>
          )}
        </p>
      ) : null}
    </>
  )
}

const Steps = ({ steps }: { steps: StepView[] }) => {
  const texts = useText(FOLLOWER_TEXTS)
  const state = useLabel(STEP_STATES)
  const columns: Column<StepView>[] = [
    { title: texts.step, cell: (s) => <Code>{s.id}</Code> },
    { title: texts.state, cell: (s) => <StatePill state={s.state} label={state(s.state)} /> },
    { title: texts.planned, cell: (s) => timeCell(s.dueAt) },
    { title: texts.sentAt, cell: (s) => timeCell(s.sentAt) },
    { title: texts.reason, cell: (s) => (s.reason || s.errcode !== null ? <StepReason step={s} /> : null) },
  ]
  return <DataTable columns={columns} rows={steps} />
}

/** The reason in words, and its code for engineers. */
const StepReason = ({ step: { reason, errcode } }: { step: StepView }) => {
  const label = useLabel(REASONS)
  return (
    <>
      {reason ? label(reason.split(':', 1)[0] ?? '') : null}{' '}
      <span class="quiet">
        <Code>
          {reason} {errcode}
        </Code>
      </span>
    </>
  )
}

const Forks = ({ forks }: { forks: ForkView[] }) => {
  const texts = useText(FOLLOWER_TEXTS)
  const state = useLabel(FORK_STATES)
  const columns: Column<ForkView>[] = [
    { title: texts.fork, cell: (f) => <Code>{f.id}</Code> },
    { title: texts.state, cell: (f) => <StatePill state={f.state} label={state(f.state)} /> },
    { title: texts.waitsUntil, cell: (f) => timeCell(f.until) },
    {
      title: texts.took,
      cell: (f) =>
        f.took === null && f.reason === null ? null : (
          <Data>
            {f.took} <span class="quiet">{f.reason}</span>
          </Data>
        ),
    },
    { title: texts.decidedAt, cell: (f) => timeCell(f.takenAt) },
  ]
  return <DataTable columns={columns} rows={forks} />
}

const Grants = ({ grants }: { grants: GrantView[] }) => {
  const texts = useText(FOLLOWER_TEXTS)
  const scene = useLabel(SCENES)
  if (grants.length === 0) return <Empty text={texts.noGrant} />
  const columns: Column<GrantView>[] = [
    { title: texts.scene, cell: (g) => scene(g.scene) },
    { title: texts.used, cell: (g) => `${g.used} / ${g.quota}` },
    { title: texts.expires, cell: (g) => timeCell(g.expiresAt) },
  ]
  return <DataTable columns={columns} rows={grants} />
}
