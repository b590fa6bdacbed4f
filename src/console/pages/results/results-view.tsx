import type { Campaign } from '../../../campaign/model.ts'
import type { CountedStatistics } from '../../../campaign/statistics/report.ts'
import { useNumber } from '../../components/numbers.tsx'
import { useStepNames } from '../../components/step-name.tsx'
import { ClockTime } from '../../components/times.tsx'
import { firstSent, resultRows } from '../../results/result-rows.ts'
import { RANGES, type ResultsQuery, resultsHref } from '../../results/results-query.ts'
import { LEAST_FOR_RATES } from '../../results/step-parts.ts'
import { RESULTS_TEXTS } from '../../texts/results-texts.ts'
import { useText } from '../../view.ts'
import { Days, Forks, Funnel, Reasons, Scenes, Tests } from './results-parts.tsx'
import { StepTable } from './step-table.tsx'

/** Versions that the filter offers. */
const MOST_VERSIONS = 50

/** The figures of a campaign, in the period and of the version that the address says. */
export const ResultsView = (props: {
  campaign: string
  version: number
  /** The version that is shown; null: it cannot be read. */
  model: Campaign | null
  /** Others, for the names of steps that it does not have. */
  others: readonly Campaign[]
  query: ResultsQuery
  /** Null: they could not be read. */
  statistics: CountedStatistics | null
}) => {
  const texts = useText(RESULTS_TEXTS)
  const number = useNumber()
  const { campaign, query, statistics } = props
  const names = useStepNames(props.model, ...props.others)
  if (!statistics)
    return (
      <>
        <RangeFilter query={query} version={props.version} />
        <p class="note amber">{texts.notRead}</p>
      </>
    )
  const { entered, uncounted } = statistics.runs
  const shown = query.version ?? props.version
  const results = {
    ...{ campaign, query, statistics },
    version: props.version,
    names,
    rows: resultRows(props.model, shown, statistics),
    firstSent: firstSent(props.model, shown, statistics),
  }
  return (
    <>
      <RangeFilter query={query} version={props.version} />
      <p class="row quiet">
        {entered === 0 ? texts.noRuns : texts.entered(number(entered))}{' '}
        {entered > 0 && entered < LEAST_FOR_RATES ? texts.few : null}{' '}
        {uncounted > 0 ? texts.uncounted(number(uncounted)) : null}{' '}
        <span>
          {texts.countedAt} <ClockTime at={Date.parse(statistics.countedAt)} />
        </span>
      </p>
      {entered === 0 ? null : <Funnel results={results} />}
      {results.rows.length === 0 ? null : <StepTable results={results} />}
      {entered === 0 ? null : (
        <>
          <Tests results={results} />
          <div class="columns">
            <Reasons results={results} />
            <Forks results={results} />
            <Scenes results={results} />
            <Days results={results} />
          </div>
        </>
      )}
    </>
  )
}

const RangeFilter = ({ query, version }: { query: ResultsQuery; version: number }) => {
  const texts = useText(RESULTS_TEXTS)
  const versions = Array.from({ length: Math.min(version, MOST_VERSIONS) }, (_, i) => version - i)
  return (
    <nav class="range row" aria-label={texts.range}>
      {RANGES.map((range) => (
        <a
          class="button"
          href={resultsHref({ ...query, range })}
          aria-current={range === query.range ? 'true' : undefined}
        >
          {texts.ranges[range]}
        </a>
      ))}
      <form method="get">
        <input type="hidden" name="range" value={query.range} />
        <select name="version" aria-label={texts.version}>
          <option value="">{texts.allVersions}</option>
          {versions.map((n) => (
            <option value={String(n)} selected={n === query.version}>
              {texts.nth(String(n))}
            </option>
          ))}
        </select>
        <button type="submit">{texts.apply}</button>
      </form>
    </nav>
  )
}
