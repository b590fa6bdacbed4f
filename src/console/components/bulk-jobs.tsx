import { type BulkJobView, overOf } from '../../api/views/bulk-job-view.ts'
import { MINUTE_MS, SECOND_MS } from '../../shared/time-units.ts'
import { Icon } from '../design/icons.tsx'
import { bulkJobPath } from '../paths.ts'
import { BULK_TEXTS } from '../texts/bulk-texts.ts'
import { durationWords } from '../texts/duration-words.ts'
import { useMay, useText, useView } from '../view.ts'
import { Data, useActorName } from './basics.tsx'
import { ActionButton } from './forms.tsx'
import { NearTime } from './near-time.tsx'
import { useNumber } from './numbers.tsx'

/** Why a running job does not go on; null: it does. */
export type BulkWait = 'temporal' | 'turn' | 'process' | null

/** A job above a list. */
export interface RecentJob extends BulkJobView {
  waits: BulkWait
  /** It has ended, but rows of its runs do not show the change yet. */
  isSettling: boolean
}

/** Whether a list has to be read again soon, because of one of the jobs above it. */
export const areChanging = (jobs: readonly RecentJob[]): boolean =>
  jobs.some(({ state, isSettling }) => state === 'running' || isSettling)

/** The bulk jobs that run or have just ended. It refreshes itself while one runs, on any page that shows it. */
export const BulkJobs = ({ jobs, now }: { jobs: readonly RecentJob[]; now: number }) => {
  const texts = useText(BULK_TEXTS)
  const actor = useActorName()
  const refresh = areChanging(jobs)
    ? { 'hx-get': '/bulk-jobs/recent', 'hx-trigger': 'every 1s', 'hx-swap': 'outerMorph' }
    : {}
  return (
    <section
      id="bulk-jobs"
      aria-label={texts.jobs}
      aria-live="polite"
      hidden={jobs.length === 0}
      {...refresh}
    >
      {jobs.map((job) => (
        <div class={`bulk-job ${job.state}`} id={`bulk-job-${job.id}`}>
          <a href={bulkJobPath(job.id)}>
            <b>{texts[job.state][job.action]}</b>
          </a>
          <JobProgress job={job} waits={job.waits} now={now} />
          <JobCounts job={job} />
          <span class="quiet">
            <Data>{texts.by(actor(job.createdBy))}</Data>
          </span>
          {job.endedAt === null ? null : (
            <span class="quiet">
              <NearTime at={job.endedAt} now={now} />
            </span>
          )}
          {job.isSettling ? <span class="quiet">{texts.settling}</span> : null}
          {job.state === 'running' ? null : (
            <button
              type="button"
              class="icon-button"
              aria-label={texts.closeJob}
              title={texts.closeJob}
              data-close-job={job.id}
            >
              <Icon name="x" />
            </button>
          )}
          <StopJob job={job} />
        </div>
      ))}
    </section>
  )
}

/** How many were changed, had ended, and failed. */
export const JobCounts = ({ job: { done, ended, failed } }: { job: BulkJobView }) => {
  const texts = useText(BULK_TEXTS)
  const count = useNumber()
  return <span class="quiet">{texts.counts(count(done), count(ended), count(failed))}</span>
}

/** How far a job is, how long it takes, and what a stop has left. */
export const JobProgress = ({ job, waits, now }: { job: BulkJobView; waits: BulkWait; now: number }) => {
  const texts = useText(BULK_TEXTS)
  const count = useNumber()
  const { action, state, total } = job
  const over = overOf(job)
  return (
    <>
      <span>{texts.of(count(over), count(total))}</span>
      <progress max={Math.max(1, total)} value={total === 0 ? 1 : over} aria-label={texts[state][action]} />
      {waits ? <span class="quiet">{texts.waits[waits]}</span> : null}
      {state === 'running' && !waits ? <TimeLeft job={job} now={now} /> : null}
      {state === 'stopped' ? <span class="quiet">{texts.unchanged(count(total - over))}</span> : null}
    </>
  )
}

/** Nothing for a job that is over, and for readers who may not stop one. */
export const StopJob = ({ job: { id, state } }: { job: BulkJobView }) => {
  const texts = useText(BULK_TEXTS)
  const mayStop = useMay('operator')
  if (state !== 'running' || !mayStop) return null
  return <ActionButton action={`${bulkJobPath(id)}/stop`} label={texts.stop} icon="x" />
}

/** A job that takes longer than this for a run has waited meanwhile, as for a restart. The waiting tells nothing of what is left. */
const MOST_MS_PER_RUN = 100

const TimeLeft = ({ job, now }: { job: BulkJobView; now: number }) => {
  const texts = useText(BULK_TEXTS)
  const { language } = useView()
  const over = overOf(job)
  if (over === 0) return null
  const perRun = Math.min(MOST_MS_PER_RUN, (now - Date.parse(job.createdAt)) / over)
  const leftMs = (job.total - over) * perRun
  const step = leftMs > 2 * MINUTE_MS ? MINUTE_MS : SECOND_MS
  return <span class="quiet">{texts.left(durationWords(Math.ceil(leftMs / step) * step, language))}</span>
}
