import type { Child } from 'hono/jsx'
import type { SystemState } from '../../api/routes/system-routes.ts'
import { Code, Empty, StatePill, Time, timeCell } from '../components/basics.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { Fact, Facts } from '../components/facts.tsx'
import { ConfirmedAction } from '../components/forms.tsx'
import { useNumber } from '../components/numbers.tsx'
import { Page } from '../shell/page.tsx'
import { JOBS, SYSTEM_TEXTS } from '../texts/system-texts.ts'
import { useText } from '../view.ts'

type Queue = NonNullable<SystemState['queues']>[number]
type Job = SystemState['jobs'][number]

/** What an engineer looks at. It refreshes itself. */
export const SystemPage = ({ state }: { state: SystemState }) => {
  const texts = useText(SYSTEM_TEXTS)
  return (
    <Page title={texts.title} at="/system" aside={<Actions state={state} />}>
      <SystemFragment state={state} />
    </Page>
  )
}

const Actions = ({ state }: { state: SystemState }) => {
  const texts = useText(SYSTEM_TEXTS)
  return (
    <p class="row">
      {state.temporal.state === 'unexpected' ? (
        <ConfirmedAction
          id="accept-namespace"
          label={texts.accept}
          title={texts.acceptTitle}
          hint={texts.acceptHint}
          action="/system/accept-namespace"
        />
      ) : null}
      <ConfirmedAction
        id="rotate-keys"
        label={texts.rotate}
        title={texts.rotateTitle}
        hint={texts.rotateHint}
        action="/system/rotate-keys"
      />
    </p>
  )
}

/** Asks for itself again every 5 s. */
export const SystemFragment = ({ state }: { state: SystemState }) => {
  const texts = useText(SYSTEM_TEXTS)
  return (
    <div id="system" hx-get="/system/state" hx-trigger="every 5s" hx-swap="outerMorph">
      <div class="columns">
        <Temporal state={state} />
        <Events state={state} />
      </div>
      <Card title={texts.queues}>
        <Queues queues={state.queues} />
      </Card>
      <Card title={texts.jobs}>
        <Jobs jobs={state.jobs} />
      </Card>
      <div class="columns">
        <Clock clock={state.clock} />
        <ProcessAndKeys state={state} />
      </div>
    </div>
  )
}

const Card = ({ title, children }: { title: string; children?: Child }) => (
  <section class="card">
    <h2>{title}</h2>
    {children}
  </section>
)

/** States of the namespace as the states of the pills that have their colours. */
const TEMPORAL_TONES: Record<string, string> = {
  expected: 'active',
  unexpected: 'blocked',
  unknown: 'blocked',
  rebuilding: 'waiting',
}

const Temporal = ({ state: { temporal } }: { state: SystemState }) => {
  const texts = useText(SYSTEM_TEXTS)
  const number = useNumber()
  return (
    <Card title={texts.temporal}>
      <p>
        <StatePill
          state={TEMPORAL_TONES[temporal.state] ?? ''}
          label={texts.temporalStates[temporal.state] ?? temporal.state}
        />
      </p>
      <Facts layout="rows">
        <Fact name={texts.namespace}>
          <Code>{temporal.namespace}</Code>
        </Fact>
        <Fact name={texts.activeRuns}>{number(temporal.activeRuns)}</Fact>
      </Facts>
    </Card>
  )
}

const Events = ({ state: { inbox, outbox } }: { state: SystemState }) => {
  const texts = useText(SYSTEM_TEXTS)
  return (
    <Card title={texts.events}>
      <Facts layout="rows">
        <Fact name={texts.inbox}>
          <Backlog count={inbox.pending} oldestMs={inbox.oldestAgeMs} />
        </Fact>
        <Fact name={texts.outbox}>
          <Backlog count={outbox.waiting} oldestMs={outbox.oldestAgeMs} />{' '}
          {outbox.failed > 0 ? <b class="bad">{texts.failed(outbox.failed)}</b> : null}
        </Fact>
        <Fact name={texts.callbacks}>
          {texts.callbackCounts(inbox.accepted, inbox.duplicates, inbox.refused)}
        </Fact>
      </Facts>
    </Card>
  )
}

const Backlog = ({ count, oldestMs }: { count: number; oldestMs: number }) => {
  const texts = useText(SYSTEM_TEXTS)
  const number = useNumber()
  return (
    <>
      {number(count)}{' '}
      {count > 0 ? (
        <span class="quiet">
          {texts.oldest} {texts.duration(Math.round(oldestMs / 1000))}
        </span>
      ) : null}
    </>
  )
}

const Queues = ({ queues }: { queues: Queue[] | null }) => {
  const texts = useText(SYSTEM_TEXTS)
  if (queues === null) return <Empty text={texts.temporalAway} />
  const columns: Column<Queue>[] = [
    {
      title: texts.queue,
      cell: (q) => (
        <>
          {texts.queueKinds[q.kind]} <Code>{q.name}</Code>
        </>
      ),
    },
    { title: texts.waiting, cell: (q) => <Backlog count={q.waiting} oldestMs={q.oldestMs} /> },
    {
      title: texts.workers,
      cell: (q) =>
        q.workers.length === 0 ? (
          <b class="bad">{texts.noWorker}</b>
        ) : (
          q.workers.map((worker) => (
            <div>
              <Code>{worker.identity}</Code>{' '}
              <span class="quiet">
                {texts.seenAt} <Time at={worker.seenAt} />
                {worker.build === null ? null : (
                  <>
                    {' '}
                    {texts.build} <Code>{worker.build}</Code>
                  </>
                )}
              </span>
            </div>
          ))
        ),
    },
  ]
  return <DataTable columns={columns} rows={queues} />
}

const Jobs = ({ jobs }: { jobs: Job[] }) => {
  const texts = useText(SYSTEM_TEXTS)
  const names = useText(JOBS)
  const columns: Column<Job>[] = [
    {
      title: texts.job,
      cell: (j) => (
        <>
          {names[j.name]} <Code>{j.name}</Code>
        </>
      ),
    },
    { title: texts.lastRun, cell: (j) => timeCell(j.lastRunAt) ?? texts.never },
    { title: texts.running, cell: (j) => timeCell(j.runningUntil) },
  ]
  return <DataTable columns={columns} rows={jobs} />
}

const Clock = ({ clock }: { clock: SystemState['clock'] }) => {
  const texts = useText(SYSTEM_TEXTS)
  return (
    <Card title={texts.clock}>
      {clock.length === 0 ? <p class="quiet">{texts.noClock}</p> : null}
      <Facts layout="rows">
        {clock.map(({ api, skewMs, samples }) => (
          <Fact name={api}>
            {texts.skew((skewMs / 1000).toFixed(1))} <span class="quiet">{texts.samples(samples)}</span>
          </Fact>
        ))}
      </Facts>
    </Card>
  )
}

const ProcessAndKeys = ({ state: { version, node, startedAt, keys } }: { state: SystemState }) => {
  const texts = useText(SYSTEM_TEXTS)
  return (
    <Card title={texts.process}>
      <Facts layout="rows">
        <Fact name={texts.version}>
          <Code>{`${version} · Node ${node}`}</Code>
        </Fact>
        <Fact name={texts.startedAt}>
          <Time at={startedAt} />
        </Fact>
        <Fact name={texts.currentKey}>
          <Code>{keys.current}</Code>
        </Fact>
        {keys.previous.length === 0 ? null : (
          <Fact name={texts.previousKeys}>
            <Code>{keys.previous.join(texts.listSeparator)}</Code>
          </Fact>
        )}
      </Facts>
    </Card>
  )
}
