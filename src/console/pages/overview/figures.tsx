import { Spark } from '../../components/charts.tsx'
import { useNumber } from '../../components/numbers.tsx'
import type { Overview } from '../../overview/overview-data.ts'
import type { Figure } from '../../overview/today.ts'
import { OVERVIEW_TEXTS } from '../../texts/overview-texts.ts'
import { useText } from '../../view.ts'

/** The figures of today. Each leads to what is behind it. */
export const Figures = ({ overview }: { overview: Overview }) => {
  const texts = useText(OVERVIEW_TEXTS)
  const number = useNumber()
  const { today, active, paused } = overview
  return (
    <section id="overview-figures" class="figures" aria-label={texts.figures}>
      <Counted title={texts.entered} figure={today.entered} href="/followers" />
      <Counted title={texts.replied} figure={today.replied} href="/followers" />
      <Counted title={texts.sent} figure={today.sent} href="/campaigns" />
      <Counted
        title={texts.notSent}
        figure={today.couldNot}
        href="#overview-skips"
        note={texts.byDesign(number(today.byDesign.today))}
      />
      <a class="figure" href="/followers?status=active">
        <span class="figure-title">{texts.active}</span>
        <b>{number(active)}</b>
        <span class="quiet">{paused > 0 ? texts.paused(number(paused)) : texts.nonePaused}</span>
      </a>
    </section>
  )
}

const Counted = (props: { title: string; figure: Figure; href: string; note?: string }) => {
  const texts = useText(OVERVIEW_TEXTS)
  const number = useNumber()
  const { today, yesterday, hours } = props.figure
  return (
    <a class="figure" href={props.href}>
      <span class="figure-title">{props.title}</span>
      <b>{number(today)}</b>
      <Spark values={hours} />
      <span class="quiet">
        {yesterday === null
          ? texts.noYesterday
          : texts.yesterday(number(yesterday), change(today, yesterday))}
      </span>
      {props.note === undefined ? null : <span class="quiet">{props.note}</span>}
    </a>
  )
}

/** `+6%`. Few of yesterday say nothing about a share. */
function change(today: number, yesterday: number): string {
  if (yesterday < 30) return ''
  const percent = Math.round(((today - yesterday) / yesterday) * 100)
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent)}%`
}
