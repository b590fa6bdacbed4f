import type { Child } from 'hono/jsx'
import type { Named } from '../../store/runs/choices.ts'
import { GRANT_TEXTS } from '../../ui/bubble-texts.ts'
import { GrantMeter, type GrantScene } from '../../ui/grant-meter.tsx'
import { Code, Data, Empty, NextPage, StatePill } from '../components/basics.tsx'
import { BulkBar, type BulkQuestion, BulkQuestionPlace, PickBox } from '../components/bulk-bar.tsx'
import { areChanging, BulkJobs, type RecentJob } from '../components/bulk-jobs.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { type FilterChoices, useFilterNames, useFilterValues } from '../components/filter-words.tsx'
import { FollowerMark, ShortId } from '../components/follower-mark.tsx'
import { NearTime, TimeLeft } from '../components/near-time.tsx'
import { StepCells } from '../components/step-cells.tsx'
import { StepName, useStepNames } from '../components/step-name.tsx'
import { Icon } from '../design/icons.tsx'
import { FILTER_NAMES, type FilterName, type FilterValues, type ListedFollower } from '../follower-list.ts'
import { followerPath } from '../paths.ts'
import { Page } from '../shell/page.tsx'
import { BULK_TEXTS } from '../texts/bulk-texts.ts'
import { ENTRY_EVENTS, FOLLOWERS_TEXTS } from '../texts/follower-texts.ts'
import { RUN_STATES, useLabel } from '../texts/labels.ts'
import { OUTCOMES, REASONS } from '../texts/reason-labels.ts'
import { useMay, useText, useView } from '../view.ts'

const CLOSING_HOURS = [1, 6, 24] as const
/** Only links lead to them. */
const JOB_FILTERS = ['bulkJob', 'bulkResult'] as const

export interface FollowersPageProps {
  items: ListedFollower[]
  next: string | null
  values: FilterValues
  invalid: readonly FilterName[]
  choices: FilterChoices
  jobs: readonly RecentJob[]
  /** Asked for by the buttons above the list. */
  question: BulkQuestion | null
  now: number
}

export const FollowersPage = (props: FollowersPageProps) => {
  const { items, next, values, invalid, choices, jobs, question } = props
  const mayChange = useMay('operator')
  const texts = useText(FOLLOWERS_TEXTS)
  const nameOf = useFilterNames()
  const isFiltered = Object.keys(values).length > 0
  return (
    <Page
      title={texts.title}
      at="/followers"
      aside={<p class="quiet">{texts.subtitle}</p>}
      scripts={['followers']}
    >
      {invalid.length > 0 ? (
        <p class="note amber" role="alert">
          <Icon name="triangle-alert" />
          <span>{texts.invalid(invalid.map(nameOf).join(', '))}</span>
        </p>
      ) : null}
      <Filters values={values} choices={choices} />
      {isFiltered ? <Chips values={values} choices={choices} /> : null}
      <BulkJobs jobs={jobs} now={props.now} />
      {items.length > 0 && mayChange ? <BulkBar values={values} question={question} /> : null}
      {items.length > 0 ? <FollowerTable {...props} /> : null}
      {items.length === 0 && isFiltered ? <Empty text={texts.none} /> : null}
      {items.length === 0 && !isFiltered ? (
        <div class="empty">
          <p>{texts.nobody}</p>
          <p>{texts.nobodyHint}</p>
        </div>
      ) : null}
      <NextPage cursor={next} query={values as Record<string, string>} />
      {mayChange ? <BulkQuestionPlace question={question} values={values} /> : null}
    </Page>
  )
}

const Filters = ({ values, choices }: { values: FilterValues; choices: FilterChoices }) => {
  const texts = useText(FOLLOWERS_TEXTS)
  const status = useLabel(RUN_STATES)
  const outcome = useLabel(OUTCOMES)
  const reason = useLabel(REASONS)
  const labels = useText(OUTCOMES)
  const reasons = useText(REASONS)
  const more = ['version', 'outcome', 'reason', 'scene', 'tag'] as const
  const choose = (name: FilterName, title: string, options: readonly (readonly [string, string])[]) => (
    <Choice name={name} title={title} value={values[name]} options={options} />
  )
  return (
    <form class="filters" method="get">
      {JOB_FILTERS.map((name) =>
        values[name] === undefined ? null : <input type="hidden" name={name} value={values[name]} />,
      )}
      <label class="find">
        <Icon name="search" />
        <input
          name="openId"
          type="search"
          maxlength={128}
          placeholder={texts.search}
          aria-label={texts.search}
          value={values.openId ?? ''}
          data-find
        />
      </label>
      {choose('appId', texts.account, named(choices.accounts))}
      {choose('campaign', texts.campaign, named(choices.campaigns))}
      {choose(
        'status',
        texts.state,
        ['active', 'paused', 'ended'].map((s) => [s, status(s)]),
      )}
      {choose(
        'closing',
        texts.closing,
        CLOSING_HOURS.map((hours) => [String(hours), texts.closesWithin(hours)]),
      )}
      <details open={more.some((name) => values[name] !== undefined)}>
        <summary class="button">{texts.more}</summary>
        <div class="filters">
          {choose(
            'outcome',
            texts.outcome,
            Object.keys(labels).map((o) => [o, outcome(o)]),
          )}
          {choose(
            'reason',
            texts.reason,
            Object.keys(reasons).map((r) => [r, reason(r)]),
          )}
          <Typed name="version" title={texts.version} value={values.version} type="number" />
          <Typed name="scene" title={texts.scene} value={values.scene} />
          <Typed name="tag" title={texts.tag} value={values.tag} />
        </div>
      </details>
      <button type="submit">{texts.filter}</button>
    </form>
  )
}

const named = (things: readonly Named[]) => things.map(({ id, name }) => [id, name] as const)

const Choice = (props: {
  name: string
  title: string
  value: string | undefined
  options: readonly (readonly [value: string, label: string])[]
}) => {
  const { name, title, value = '', options } = props
  const texts = useText(FOLLOWERS_TEXTS)
  // A value that is no longer offered stays chosen, so that the form says what is shown.
  const all = value && !options.some(([v]) => v === value) ? [...options, [value, value] as const] : options
  return (
    <label class={value ? 'choice chosen' : 'choice'}>
      <span>{title}</span>
      <select name={name}>
        <option value="">{texts.all}</option>
        {all.map(([v, label]) => (
          <option value={v} selected={v === value} translate="no">
            {label}
          </option>
        ))}
      </select>
    </label>
  )
}

const Typed = (props: { name: string; title: string; value: string | undefined; type?: 'number' }) => (
  <label class={props.value ? 'choice chosen' : 'choice'}>
    <span>{props.title}</span>
    <input
      name={props.name}
      type={props.type ?? 'text'}
      min={props.type ? 1 : undefined}
      maxlength={200}
      value={props.value ?? ''}
    />
  </label>
)

/** The filters that are in force, each with a way to remove it. */
const Chips = ({ values, choices }: { values: FilterValues; choices: FilterChoices }) => {
  const texts = useText(FOLLOWERS_TEXTS)
  const nameOf = useFilterNames()
  const wordsOf = useFilterValues(choices)
  return (
    <p class="chips">
      {FILTER_NAMES.flatMap((name) => {
        const value = values[name]
        if (value === undefined) return []
        const others: FilterValues = { ...values }
        delete others[name]
        // A result is that of a job.
        if (name === 'bulkJob') delete others.bulkResult
        return [
          <a
            class="chip"
            href={`/followers?${new URLSearchParams(others as Record<string, string>)}`}
            aria-label={texts.remove(nameOf(name))}
          >
            {nameOf(name)}
            <Data>{wordsOf(name, value)}</Data>
            <Icon name="x" />
          </a>,
        ]
      })}
      <a href="/followers">{texts.clear}</a>
    </p>
  )
}

/** The rows. While a bulk job changes runs, they are read again. */
const FollowerTable = ({ items, choices, now, jobs, question }: FollowersPageProps) => {
  const texts = useText(FOLLOWERS_TEXTS)
  const accountName = nameIn(choices.accounts)
  const campaignName = nameIn(choices.campaigns)
  const select = useText(BULK_TEXTS).select
  const picked = new Set(question?.picks)
  const isPicked = (f: ListedFollower) => picked.has(`${f.appId}/${f.openId}`)
  const url = useView().url
  const refresh = areChanging(jobs)
    ? {
        'hx-get': rowsPath(url),
        'hx-trigger': 'every 2s',
        'hx-select': '#follower-rows',
        'hx-swap': 'outerMorph',
      }
    : {}
  const picks: Column<ListedFollower>[] = useMay('operator')
    ? [{ title: select, cell: (f) => <PickBox appId={f.appId} openId={f.openId} picked={isPicked(f)} /> }]
    : []
  const columns: Column<ListedFollower>[] = [
    ...picks,
    {
      title: texts.follower,
      cell: (f) => (
        <span class="with-mark">
          <FollowerMark openId={f.openId} />
          <Two
            first={
              <a href={followerPath(f)}>
                <ShortId openId={f.openId} />
              </a>
            }
            second={<Data>{accountName(f.appId)}</Data>}
          />
        </span>
      ),
    },
    {
      title: texts.campaign,
      cell: (f) => <Two first={<Data>{campaignName(f.campaign)}</Data>} second={texts.nth(f.version)} />,
    },
    { title: texts.progress, cell: (f) => <StepCells steps={f.steps} /> },
    { title: texts.state, cell: (f) => <FollowerState follower={f} /> },
    {
      title: texts.grant,
      cell: (f) => (f.status === 'ended' ? null : <FollowerGrant follower={f} now={now} />),
    },
    { title: texts.next, cell: (f) => (f.nextStep ? <NextStep follower={f} now={now} /> : null) },
    { title: texts.source, cell: (f) => <Source follower={f} /> },
    { title: texts.entered, cell: (f) => <NearTime at={f.startedAt} now={now} /> },
  ]
  return (
    <div class="followers" id="follower-rows" {...refresh}>
      <DataTable columns={columns} rows={items} />
    </div>
  )
}

/** The list of an address, without the question that it asks. */
function rowsPath(url: string): string {
  const [path, query] = url.split('?', 2)
  const kept = new URLSearchParams(query)
  for (const name of ['bulk', 'pick', 'all']) kept.delete(name)
  return `${path}?${kept}`
}

const nameIn = (things: readonly Named[]) => {
  const names = new Map(things.map(({ id, name }) => [id, name]))
  return (id: string) => names.get(id) ?? id
}

/** A line, and a quieter one below. */
const Two = ({ first, second }: { first: Child; second: Child }) => (
  <span class="two">
    {first}
    <span class="quiet">{second}</span>
  </span>
)

const FollowerState = ({ follower }: { follower: ListedFollower }) => {
  const texts = useText(FOLLOWERS_TEXTS)
  const status = useLabel(RUN_STATES)
  const outcome = useLabel(OUTCOMES)
  const { agent, steps, outcome: ended } = follower
  if (follower.status === 'ended')
    return <StatePill state={ended ?? 'ended'} label={ended ? outcome(ended) : status('ended')} />
  if (follower.status === 'paused') return <StatePill state="paused" label={status('paused')} />
  if (agent) return <StatePill state="held" label={texts.agent} />
  if (steps.some(({ state }) => state === 'held')) return <StatePill state="held" label={texts.held} />
  return <StatePill state="active" label={status('active')} />
}

const FollowerGrant = ({ follower: { grant }, now }: { follower: ListedFollower; now: number }) => {
  const texts = useText(FOLLOWERS_TEXTS)
  const grantTexts = useText(GRANT_TEXTS)
  if (!grant) return <span class="quiet">{texts.noGrant}</span>
  const { scene, used, quota, expiresAt } = grant
  return (
    <GrantMeter
      texts={grantTexts}
      scene={scene as GrantScene}
      used={used}
      quota={quota}
      size="small"
      left={
        <>
          {texts.left} <TimeLeft until={expiresAt} now={now} />
        </>
      }
    />
  )
}

const NextStep = ({ follower: { nextStep, model }, now }: { follower: ListedFollower; now: number }) => {
  const texts = useText(FOLLOWERS_TEXTS)
  const names = useStepNames(model)
  if (!nextStep) return null
  const { id, dueAt } = nextStep
  const when = dueAt ? <NearTime at={dueAt} now={now} /> : <span class="quiet">{texts.waitsForFollower}</span>
  return <Two first={when} second={<StepName id={id} names={names} />} />
}

const Source = ({ follower: { scene, event, tags } }: { follower: ListedFollower }) => {
  const label = useText(ENTRY_EVENTS)
  const shown = tags.slice(0, 3)
  return (
    <span class="two">
      {scene ? <Code>{scene}</Code> : <span>{label[event] ?? event}</span>}
      {shown.length === 0 ? null : (
        <span class="tags">
          {shown.map((tag) => (
            <span class="tag" translate="no">
              {tag}
            </span>
          ))}
        </span>
      )}
    </span>
  )
}
