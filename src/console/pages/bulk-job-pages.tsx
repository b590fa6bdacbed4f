import { type BulkJobView, overOf } from '../../api/views/bulk-job-view.ts'
import type { BulkRunState } from '../../store/bulk/bulk-results.ts'
import { Actor, Data, NextPage, Time, timeCell } from '../components/basics.tsx'
import { type BulkWait, JobCounts, JobProgress, StopJob } from '../components/bulk-jobs.tsx'
import { Share } from '../components/charts.tsx'
import { DataTable } from '../components/data-table.tsx'
import { Fact, Facts } from '../components/facts.tsx'
import { type FilterChoices, useFilterNames, useFilterValues } from '../components/filter-words.tsx'
import { useNumber } from '../components/numbers.tsx'
import { FILTER_NAMES } from '../follower-list.ts'
import { bulkJobPath } from '../paths.ts'
import { Page } from '../shell/page.tsx'
import { BULK_TEXTS } from '../texts/bulk-texts.ts'
import { useMay, useText } from '../view.ts'

interface JobProps {
  job: BulkJobView
  waits: BulkWait
  /** The results whose followers can still be listed. */
  listed: ReadonlySet<BulkRunState>
  choices: FilterChoices
  now: number
}

/** `/bulk-jobs`: what was done to many at once, newest first. */
export const BulkJobsPage = (props: {
  items: readonly BulkJobView[]
  next: string | null
  choices: FilterChoices
}) => {
  const texts = useText(BULK_TEXTS)
  const { columns } = texts
  return (
    <Page title={texts.listTitle} at="/followers">
      {props.items.length === 0 ? (
        <div class="empty">
          <p>{texts.noJobs}</p>
          <p>
            <a class="button" href="/followers">
              {texts.toFollowers}
            </a>
          </p>
        </div>
      ) : (
        <DataTable
          columns={[
            {
              title: columns.action,
              cell: (job) => <a href={bulkJobPath(job.id)}>{texts.pageTitles[job.action]}</a>,
            },
            { title: columns.selection, cell: (job) => <Selection job={job} choices={props.choices} /> },
            { title: columns.state, cell: (job) => <JobState job={job} /> },
            { title: columns.counts, cell: (job) => <JobCounts job={job} /> },
            { title: columns.by, cell: (job) => <Actor name={job.createdBy} /> },
            { title: columns.at, cell: (job) => <Time at={job.createdAt} /> },
          ]}
          rows={props.items}
        />
      )}
      <NextPage cursor={props.next} />
    </Page>
  )
}

/** `/bulk-jobs/ID`: what became of the runs, with the followers behind each number. */
export const BulkJobPage = (props: JobProps) => {
  const texts = useText(BULK_TEXTS)
  const { job } = props
  return (
    <Page
      title={texts.pageTitles[job.action]}
      at="/followers"
      aside={
        <a class="row-link" href="/bulk-jobs">
          {texts.allJobs}
        </a>
      }
    >
      <BulkJobResult {...props} />
    </Page>
  )
}

/** The part of {@link BulkJobPage} that refreshes itself while the job runs. */
export const BulkJobResult = ({ job, waits, listed, choices, now }: JobProps) => {
  const texts = useText(BULK_TEXTS)
  const { columns } = texts
  const refresh =
    job.state === 'running'
      ? { 'hx-get': `${bulkJobPath(job.id)}/result`, 'hx-trigger': 'every 1s', 'hx-swap': 'outerMorph' }
      : {}
  return (
    <div id="bulk-job" {...refresh}>
      <section class="card" aria-label={texts.jobs}>
        <div class="bulk-progress" role="status">
          <JobState job={job} />
          <JobProgress job={job} waits={waits} now={now} />
          <StopJob job={job} />
        </div>
        <Facts layout="two">
          <Fact name={columns.selection}>
            <Selection job={job} choices={choices} />
          </Fact>
          <Fact name={columns.by}>
            <Actor name={job.createdBy} />
          </Fact>
          <Fact name={columns.at}>
            <Time at={job.createdAt} />
          </Fact>
          <Fact name={columns.until}>{timeCell(job.endedAt) ?? '–'}</Fact>
          {job.reason === null ? null : (
            <Fact name={texts.reason}>
              <Data>{job.reason}</Data>
            </Fact>
          )}
        </Facts>
      </section>
      <section class="card">
        <div class="card-head">
          <h2>{texts.details}</h2>
          {listed.size === 0 ? null : (
            <a class="row-link" href={followersOf(job)}>
              {texts.seeAll}
            </a>
          )}
        </div>
        <div class="bulk-results">
          {(['done', 'ended', 'failed', 'left'] as const).map((result) => (
            <Result job={job} result={result} isListed={listed.has(result)} />
          ))}
        </div>
        {job.total > 0 && listed.size === 0 ? <p class="quiet">{texts.listGone}</p> : null}
      </section>
    </div>
  )
}

const JobState = ({ job: { state } }: { job: BulkJobView }) => {
  const texts = useText(BULK_TEXTS)
  const tone = { running: 'plain', finished: 'green', stopped: 'amber' }[state]
  return (
    <span class={`pill ${tone}`} title={state}>
      {texts.states[state]}
    </span>
  )
}

const followersOf = ({ id }: BulkJobView, more: Record<string, string> = {}): string =>
  `/followers?${new URLSearchParams({ bulkJob: id, ...more })}`

const Result = (props: { job: BulkJobView; result: BulkRunState; isListed: boolean }) => {
  const texts = useText(BULK_TEXTS)
  const count = useNumber()
  const mayChange = useMay('operator')
  const { job, result, isListed } = props
  const n = result === 'left' ? job.total - overOf(job) : job[result]
  const isWaiting = result === 'left' && job.state === 'running'
  const tone = ({ done: 'leaf', ended: 'design', failed: 'red', left: 'grey' } as const)[result]
  const again = result === 'left' ? texts.goOn[job.action] : result === 'failed' ? texts.retry : null
  return (
    <div id={`bulk-result-${result}`}>
      <span class="figure-title">{isWaiting ? texts.waiting : texts.results[result]}</span>
      <b>{count(n)}</b>
      <Share value={n} of={job.total} tone={tone} />
      <span class="quiet">{isWaiting ? texts.waitingHint : texts.resultHints[result]}</span>
      {n > 0 && isListed ? (
        <a href={followersOf(job, { bulkResult: result })}>{texts.see(count(n))}</a>
      ) : null}
      {n > 0 && isListed && again && mayChange && job.state !== 'running' ? (
        <a class="button" href={followersOf(job, { bulkResult: result, all: 'yes', bulk: job.action })}>
          {again}
        </a>
      ) : null}
    </div>
  )
}

/** What selected the runs, in words. */
const Selection = ({ job: { selection }, choices }: { job: BulkJobView; choices: FilterChoices }) => {
  const texts = useText(BULK_TEXTS)
  const count = useNumber()
  const nameOf = useFilterNames()
  const wordsOf = useFilterValues(choices)
  if (selection.chosen !== undefined) return <span>{texts.chosen(count(Number(selection.chosen)))}</span>
  const named = FILTER_NAMES.filter((name) => selection[name] !== undefined)
  if (named.length === 0) return <span>{texts.everybody}</span>
  return (
    <span class="chips-line">
      {named.map((name) => (
        <span class="tag">
          {nameOf(name)} <Data>{wordsOf(name, String(selection[name]))}</Data>
        </span>
      ))}
    </span>
  )
}
