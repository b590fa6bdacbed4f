import type { Child } from 'hono/jsx'
import type { Statistics } from '../../../campaign/statistics/report.ts'
import type { StatisticsTable } from '../../../campaign/statistics/statistics-tables.ts'
import { addTo } from '../../../shared/own-value.ts'
import { Data } from '../../components/basics.tsx'
import { AsTable, Bars, Interval, Share } from '../../components/charts.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { useNumber } from '../../components/numbers.tsx'
import { ReasonBars } from '../../components/reason-bars.tsx'
import { StepName } from '../../components/step-name.tsx'
import { Icon } from '../../design/icons.tsx'
import { splitReasons } from '../../overview/today.ts'
import { campaignPath } from '../../paths.ts'
import { difference } from '../../results/difference.ts'
import type { ResultRow } from '../../results/result-rows.ts'
import { type ResultsQuery, resultsHref } from '../../results/results-query.ts'
import { LEAST_FOR_RATES } from '../../results/step-parts.ts'
import type { StepNames } from '../../steps/step-names.ts'
import { RESULTS_TEXTS } from '../../texts/results-texts.ts'
import { useMay, useText } from '../../view.ts'

/** What every card of the page knows. */
export interface Results {
  campaign: string
  query: ResultsQuery
  statistics: Statistics
  /** The newest one. */
  version: number
  /** All steps of the version that is shown, with their branches. */
  rows: readonly ResultRow[]
  /** Of that version, and for the rest of older ones. */
  names: StepNames
  /** Runs that got the first step of their way in. */
  firstSent: number
}

/** A share in per cent; null while too few are counted. */
export function rateOf(n: number, of: number): string | null {
  return of < LEAST_FOR_RATES ? null : `${Math.round((n / of) * 1_000) / 10}%`
}

/** A card whose figures can be exported. */
export const ResultsCard = (props: {
  title: string
  results: Results
  table: StatisticsTable
  /** Beside the table, the runs themselves. */
  withRuns?: boolean
  children?: Child
}) => {
  const texts = useText(RESULTS_TEXTS)
  const mayExportRuns = useMay('operator')
  const { campaign, query } = props.results
  const path = campaignPath(campaign)
  const href = `${path}/statistics.csv${resultsHref(query)}&table=${props.table}`
  return (
    <section class="card">
      <div class="card-head">
        <h2>{props.title}</h2>
        <span class="exports">
          <a class="row-link" href={href} download>
            <Icon name="download" /> {texts.csv}
          </a>
          {props.withRuns && mayExportRuns ? (
            <a
              class="row-link"
              href={`${path}/runs.jsonl${resultsHref(query)}`}
              download
              title={texts.runsHint}
            >
              <Icon name="download" /> {texts.runs}
            </a>
          ) : null}
        </span>
      </div>
      {props.children}
    </section>
  )
}

/** From the entry to the goal. */
export const Funnel = ({ results: { statistics, firstSent, rows } }: { results: Results }) => {
  const texts = useText(RESULTS_TEXTS)
  const number = useNumber()
  // Of the passive reply no count is kept.
  const hasReply = rows.some(({ kind }) => kind === 'reply')
  const { runs } = statistics
  const stages = [
    { title: texts.stages.entered, n: runs.entered, tone: 'plot' },
    { title: hasReply ? texts.firstAfterReply : texts.stages.first, n: firstSent, tone: 'plot' },
    { title: texts.stages.replied, n: runs.replied, tone: 'leaf' },
    { title: texts.stages.goals, n: runs.goals, tone: 'teal' },
    { title: texts.stages.unfollowed, n: runs.unfollowed, tone: 'amber' },
  ] as const
  return (
    <section class="card stages" aria-label={texts.conversion}>
      {stages.map(({ title, n, tone }) => (
        <div>
          <span class="figure-title">{title}</span>
          <b>{number(n)}</b>
          <Share value={n} of={runs.entered} tone={tone} />
          <span class="quiet">{rateOf(n, runs.entered)}</span>
        </div>
      ))}
    </section>
  )
}

/** The tests of two texts, each with what can be said about it. */
export const Tests = ({ results }: { results: Results }) => {
  const texts = useText(RESULTS_TEXTS)
  const number = useNumber()
  const { names, statistics } = results
  return (
    <>
      {statistics.tests.map(({ fork, variants }) => (
        <ResultsCard
          title={texts.tests(variants.map(({ branch }) => names.branch(fork, branch)).join(' / '))}
          results={results}
          table="tests"
        >
          <DataTable
            columns={[
              { title: texts.variant, cell: (v) => <Data>{names.branch(fork, v.branch)}</Data> },
              { title: texts.stages.entered, cell: (v) => number(v.entered) },
              { title: texts.replied, cell: (v) => number(v.replied) },
              { title: texts.goals, cell: (v) => number(v.goals) },
              { title: texts.rate, cell: (v) => rateOf(v.goals, v.entered) },
              { title: texts.unfollowed, cell: (v) => number(v.unfollowed) },
            ]}
            rows={variants}
          />
          {variants.slice(1).map((variant) => (
            <Comparison
              first={variants[0] ?? variant}
              other={variant}
              name={names.branch(fork, variant.branch)}
            />
          ))}
        </ResultsCard>
      ))}
    </>
  )
}

type Variant = Statistics['tests'][number]['variants'][number]

/** A variant against the first one: its interval, and a sentence instead of a bare p. */
const Comparison = ({ first, other, name }: { first: Variant; other: Variant; name: string }) => {
  const texts = useText(RESULTS_TEXTS)
  const found = difference(first, other)
  if (!found) return <p class="quiet">{texts.tooFew(name)}</p>
  const signed = (n: number) => `${n > 0 ? '+' : n < 0 ? '−' : ''}${Math.abs(n)}`
  const [points, low, high] = [found.points, found.low, found.high].map(signed) as [string, string, string]
  const most = Math.max(Math.abs(found.low), Math.abs(found.high), 1) * 1.1
  return (
    <>
      <Interval
        label={texts.interval(name, low, high)}
        low={found.low}
        high={found.high}
        value={found.points}
        min={-most}
        max={most}
      />
      <p>
        {texts.higher(name, points, low, high)}
        <b>{other.p !== null && other.p < 0.05 ? texts.differs : texts.same}</b>
      </p>
    </>
  )
}

/** Why messages were not sent, over all steps. */
export const Reasons = ({ results }: { results: Results }) => {
  const texts = useText(RESULTS_TEXTS)
  const { campaign, query, statistics } = results
  const reasons: Record<string, number> = {}
  for (const { skipped, failed } of statistics.steps)
    for (const [reason, n] of [...Object.entries(skipped), ...Object.entries(failed)])
      addTo(reasons, reason, n)
  const isEmpty = Object.keys(reasons).length === 0
  return (
    <ResultsCard title={texts.reasons} results={results} table="steps">
      {isEmpty ? (
        <p class="quiet">{texts.noReasons}</p>
      ) : (
        <>
          <p class="quiet">{texts.scopeHint}</p>
          <ReasonBars skips={splitReasons(reasons)} scope={texts.scopes[query.range]} query={{ campaign }} />
        </>
      )}
    </ResultsCard>
  )
}

/** How many runs took each branch. */
export const Forks = ({ results }: { results: Results }) => {
  const texts = useText(RESULTS_TEXTS)
  const number = useNumber()
  const { forks } = results.statistics
  if (forks.length === 0) return null
  return (
    <ResultsCard title={texts.forks} results={results} table="forks">
      {forks.map(({ fork, taken }) => {
        const all = Object.values(taken).reduce((sum, n) => sum + n, 0)
        return (
          <>
            <h3 class="hbar-group">
              <StepName id={fork} names={results.names} numbered brief />
              <span>{number(all)}</span>
            </h3>
            {Object.entries(taken).map(([branch, n]) => (
              <p class="hbar">
                <Data>{results.names.branch(fork, branch)}</Data>
                <Share value={n} of={all} tone="violet" />
                <b>{number(n)}</b>
              </p>
            ))}
          </>
        )
      })}
    </ResultsCard>
  )
}

/** By the QR code that the followers came from. */
export const Scenes = ({ results }: { results: Results }) => {
  const texts = useText(RESULTS_TEXTS)
  const number = useNumber()
  return (
    <ResultsCard title={texts.scenes} results={results} table="scenes">
      <DataTable
        columns={[
          { title: texts.scene, cell: (s) => (s.scene === '' ? texts.noScene : <Data>{s.scene}</Data>) },
          { title: texts.stages.entered, cell: (s) => number(s.entered) },
          { title: texts.replied, cell: (s) => rateOf(s.replied, s.entered) ?? number(s.replied) },
          { title: texts.goals, cell: (s) => rateOf(s.goals, s.entered) ?? number(s.goals) },
        ]}
        rows={results.statistics.scenes}
      />
    </ResultsCard>
  )
}

/** More bars than this cannot be told apart. The export has all days. */
const MOST_DAYS = 60

/** Entries by day, and the rest in a table. */
export const Days = ({ results }: { results: Results }) => {
  const texts = useText(RESULTS_TEXTS)
  const number = useNumber()
  const days = results.statistics.days.slice(-MOST_DAYS)
  const every = Math.ceil(days.length / 8)
  return (
    <ResultsCard title={texts.days} results={results} table="days">
      <Bars
        label={texts.daysLabel}
        rows={days.map(({ entered }) => [entered])}
        tones={['plot']}
        ticks={days.filter((_, i) => i % every === 0).map(({ day }) => day.slice(5))}
        format={number}
        small
      />
      <AsTable>
        <DataTable
          columns={[
            { title: texts.day, cell: (d) => d.day },
            { title: texts.stages.entered, cell: (d) => number(d.entered) },
            { title: texts.replied, cell: (d) => number(d.replied) },
            { title: texts.goals, cell: (d) => number(d.goals) },
            { title: texts.unfollowed, cell: (d) => number(d.unfollowed) },
          ]}
          rows={days}
        />
      </AsTable>
    </ResultsCard>
  )
}
