import { AsTable, Bars } from '../../components/charts.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Fact, Facts } from '../../components/facts.tsx'
import { useNumber } from '../../components/numbers.tsx'
import { boundOf, type Lateness } from '../../overview/today.ts'
import { OVERVIEW_TEXTS } from '../../texts/overview-texts.ts'
import { useText } from '../../view.ts'
import { useDuration } from './duration.ts'

/** How late today's messages were. Held ones are not in it: they waited for the follower. */
export const LatenessCard = ({ lateness }: { lateness: Lateness }) => {
  const texts = useText(OVERVIEW_TEXTS)
  return (
    <section id="overview-lateness" class="card">
      <h2>{texts.lateness}</h2>
      <p class="quiet">{texts.latenessHint}</p>
      {lateness.total === 0 ? <p class="quiet">{texts.noMessages}</p> : <LatenessChart lateness={lateness} />}
    </section>
  )
}

/** Buckets above this, in seconds, are one bar. */
const MOST_S = 10

const LatenessChart = ({ lateness }: { lateness: Lateness }) => {
  const texts = useText(OVERVIEW_TEXTS)
  const number = useNumber()
  const say = useBound()
  const shown = lateness.buckets.filter(({ le }) => boundOf(le) <= MOST_S)
  const rest = lateness.buckets.filter(({ le }) => boundOf(le) > MOST_S).reduce((sum, { n }) => sum + n, 0)
  const duration = useDuration()
  const bars = [
    ...shown.map(({ le, n }) => ({ name: say(le), n })),
    ...(rest > 0 ? [{ name: texts.over(duration(MOST_S)), n: rest }] : []),
  ]
  return (
    <>
      <Bars
        label={texts.latenessLabel}
        rows={bars.map(({ n }) => [n])}
        tones={['plot']}
        ticks={bars.map(({ name }) => name)}
        format={number}
        small
      />
      <Facts layout="inline">
        <Fact name={texts.median}>{say(lateness.median)}</Fact>
        <Fact name={texts.p99}>{say(lateness.p99)}</Fact>
        <Fact name={texts.messages}>{number(lateness.total)}</Fact>
      </Facts>
      <AsTable>
        <DataTable
          columns={[
            { title: texts.delay, cell: ({ name }) => name },
            { title: texts.messages, cell: ({ n }) => number(n) },
          ]}
          rows={bars}
        />
      </AsTable>
    </>
  )
}

/** The bound of a bucket in words. */
function useBound(): (le: string | null) => string {
  const texts = useText(OVERVIEW_TEXTS)
  const duration = useDuration()
  return (le) => {
    if (le === null) return '–'
    return le === '+Inf' ? texts.over(duration(86_400)) : texts.upTo(duration(Number(le)))
  }
}
