import { dayInBeijing } from '../../../shared/beijing-time.ts'
import { AsTable, Bars, Legend, type Tone } from '../../components/charts.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { useNumber } from '../../components/numbers.tsx'
import { useTimeText } from '../../components/times.tsx'
import type { DueHour } from '../../overview/due-hours.ts'
import type { Overview } from '../../overview/overview-data.ts'
import { OVERVIEW_TEXTS } from '../../texts/overview-texts.ts'
import { useText } from '../../view.ts'

const TICK_HOURS = 6
const TONES: readonly Tone[] = ['plot', 'violet', 'amber']

/** What is due in the next two days, by hour. */
export const Due = ({ due }: { due: Overview['due'] }) => {
  const texts = useText(OVERVIEW_TEXTS)
  return (
    <section id="overview-due" class="card">
      <h2>{texts.due}</h2>
      {due === null ? <p class="quiet">{texts.dueCounting}</p> : <DueMessages due={due} />}
      <p class="quiet">{texts.dueHint}</p>
    </section>
  )
}

const DueMessages = ({ due }: { due: NonNullable<Overview['due']> }) => {
  const texts = useText(OVERVIEW_TEXTS)
  const number = useNumber()
  const unpayable = number(due.hours.reduce((sum, hour) => sum + hour.unpayable, 0))
  const say = due.isEstimate ? texts.dueEstimate : texts.dueTotal
  if (due.total === 0) return <p class="quiet">{texts.noneDue}</p>
  return (
    <>
      <p class="quiet">{say(number(due.total), unpayable)}</p>
      <Legend
        items={[texts.payable, texts.deferred, texts.unpayable].map((name, i) => ({
          name,
          tone: TONES[i] ?? 'plot',
        }))}
      />
      <DueChart hours={due.hours} />
    </>
  )
}

const DueChart = ({ hours }: { hours: readonly DueHour[] }) => {
  const texts = useText(OVERVIEW_TEXTS)
  const number = useNumber()
  const time = useTimeText()
  const columns = [
    { title: texts.hour, cell: (hour: DueHour) => time(hour.at, 'weekday-hour') },
    { title: texts.payable, cell: (hour: DueHour) => number(hour.payable) },
    { title: texts.deferred, cell: (hour: DueHour) => number(hour.deferred) },
    { title: texts.unpayable, cell: (hour: DueHour) => number(hour.unpayable) },
  ]
  const ticks = hours.filter((_, i) => i % TICK_HOURS === 0)
  return (
    <>
      <Bars
        label={texts.dueLabel}
        rows={hours.map((hour) => [hour.payable, hour.deferred, hour.unpayable])}
        tones={TONES}
        ticks={ticks.map(({ at }, i) =>
          time(at, i > 0 && isOtherDay(at, ticks[i - 1]?.at) ? 'weekday-hour' : 'clock'),
        )}
        format={number}
      />
      <AsTable>
        <DataTable
          columns={columns}
          rows={hours.filter((hour) => hour.payable + hour.deferred + hour.unpayable > 0)}
        />
      </AsTable>
    </>
  )
}

const isOtherDay = (at: number, before = at) => dayInBeijing(at) !== dayInBeijing(before)
