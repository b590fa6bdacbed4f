import type { BulkJobView } from '../../api/views/bulk-job-view.ts'
import { Icon } from '../design/icons.tsx'
import { BULK_TEXTS } from '../texts/bulk-texts.ts'
import { useMay, useText } from '../view.ts'
import { Data } from './basics.tsx'
import { useNumber } from './numbers.tsx'

/** The bulk jobs that run or have just ended. It refreshes itself while one runs, on any page that shows it. */
export const BulkJobs = ({ jobs, now }: { jobs: readonly BulkJobView[]; now: number }) => {
  const texts = useText(BULK_TEXTS)
  const refresh = jobs.some(({ state }) => state === 'running')
    ? { 'hx-get': '/bulk-jobs', 'hx-trigger': 'every 1s', 'hx-swap': 'outerMorph' }
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
        <Job job={job} now={now} />
      ))}
    </section>
  )
}

const Job = ({ job, now }: { job: BulkJobView; now: number }) => {
  const texts = useText(BULK_TEXTS)
  const count = useNumber()
  const mayStop = useMay('operator')
  const { id, action, state, total, done, ended, failed } = job
  const over = done + ended + failed
  const isRunning = state === 'running'
  return (
    <div class={`bulk-job ${state}`} id={`bulk-job-${id}`}>
      <b>{texts[state][action]}</b>
      <span>{texts.of(count(over), count(total))}</span>
      <progress max={Math.max(1, total)} value={total === 0 ? 1 : over} aria-label={texts[state][action]} />
      <span class="quiet">{texts.counts(count(done), count(ended), count(failed))}</span>
      {isRunning ? <TimeLeft job={job} now={now} /> : null}
      {state === 'stopped' ? <span class="quiet">{texts.unchanged(count(total - over))}</span> : null}
      <span class="quiet">
        <Data>{texts.by(job.createdBy)}</Data>
      </span>
      {isRunning && mayStop ? (
        <form method="post" action={`/bulk-jobs/${encodeURIComponent(id)}/stop`} class="inline">
          <button type="submit">
            <Icon name="x" />
            {texts.stop}
          </button>
        </form>
      ) : null}
    </div>
  )
}

const TimeLeft = ({ job, now }: { job: BulkJobView; now: number }) => {
  const texts = useText(BULK_TEXTS)
  const count = useNumber()
  const over = job.done + job.ended + job.failed
  if (over === 0) return null
  const perRun = (now - Date.parse(job.createdAt)) / over
  return <span class="quiet">{texts.left(count(Math.ceil(((job.total - over) * perRun) / 1000)))}</span>
}
