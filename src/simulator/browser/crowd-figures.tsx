import type { Finding } from '../crowd/crowd-findings.ts'
import type { StartedCrowdView } from '../crowd/crowd-view.ts'
import type { CrowdStore } from './crowd-store.ts'
import { Icon } from './icon.tsx'
import { LineChart } from './line-chart.tsx'
import { spanText } from './times.ts'

const number = (n: number) => n.toLocaleString('en')
const inSeconds = (ms: number | null) => (ms === null ? '–' : secondsText(ms / 1000))
const secondsText = (s: number) => (s >= 10 || s === 0 ? String(Math.round(s)) : s.toFixed(s >= 1 ? 1 : 2))
const rate = (n: number) => (n >= 10 || n === Math.round(n) ? number(Math.round(n)) : n.toFixed(1))

/** How the crowd is served: figures, charts and a verdict. */
export const CrowdFigures = ({ store }: { store: CrowdStore }) => {
  const { texts, crowd } = store
  if (!crowd)
    return (
      <section class="crowd-results">
        <p class="empty">{texts.idle}</p>
      </section>
    )
  return (
    <section class="crowd-results">
      <Status store={store} crowd={crowd} />
      <Conclusion store={store} crowd={crowd} />
      <Figures store={store} crowd={crowd} />
      <Charts store={store} crowd={crowd} />
      <Verdict store={store} crowd={crowd} />
    </section>
  )
}

interface PartProps {
  store: CrowdStore
  crowd: StartedCrowdView
}

const TONES = {
  arriving: 'green',
  settling: 'green',
  forwarding: 'green',
  finished: 'plain',
  stopped: 'amber',
} as const

const Status = ({ store, crowd }: PartProps) => {
  const { texts, data } = store
  const tookMs = (crowd.endedAt ?? crowd.now) - crowd.startedAt
  return (
    <div class="crowd-status">
      <span class={`pill ${TONES[crowd.state]}`} id="crowd-state" data-state={crowd.state}>
        {texts.states[crowd.state]}
      </span>
      <span class="quiet">{texts.elapsed(spanText(tookMs, data.language))}</span>
      <Progress store={store} crowd={crowd} />
      {store.isRunning ? (
        <button type="button" id="stop-crowd" disabled={store.isBusy} onClick={() => void store.stop()}>
          <Icon name="square" />
          {texts.stop}
        </button>
      ) : null}
    </div>
  )
}

const Progress = ({ store, crowd }: PartProps) => {
  const { figures } = store.texts
  const { followers } = crowd.settings
  return crowd.state === 'forwarding' ? (
    <progress value={crowd.forwarded} max={followers - crowd.unfollowed} aria-label={figures.forwarded} />
  ) : (
    <progress value={crowd.arrived} max={followers} aria-label={figures.arrived} />
  )
}

const Figures = ({ store, crowd }: PartProps) => {
  const { texts } = store
  // Those who left before a message came are neither.
  const judged = crowd.served + crowd.findings.unserved.count
  const share =
    judged > 0 ? `${((crowd.served / judged) * 100).toFixed(crowd.served === judged ? 0 : 1)}%` : '–'
  const figures: [name: keyof typeof texts.figures, value: string, hint: string][] = [
    ['arrived', number(crowd.arrived), texts.ofArrived(number(crowd.settings.followers))],
    [
      'accepted',
      number(crowd.accepted),
      crowd.answerP99 === null ? '\u00a0' : texts.answer(`${secondsText(crowd.answerP99 / 1000)} s`),
    ],
    ['served', number(crowd.served), texts.share(share)],
    ['waiting', number(crowd.waiting), '\u00a0'],
    ['messages', number(crowd.messages), texts.passive(number(crowd.passive))],
    ['unfollowed', number(crowd.unfollowed), '\u00a0'],
  ]
  if (crowd.settings.fastClock)
    figures.push([
      'forwarded',
      number(crowd.forwarded),
      texts.ofArrived(number(crowd.settings.followers - crowd.unfollowed)),
    ])
  return (
    <dl class="crowd-figures">
      {figures.map(([name, value, hint]) => (
        <div key={name} class="card" data-figure={name}>
          <dt>{texts.figures[name]}</dt>
          <dd>
            <b>{value}</b>
            <small>{hint}</small>
          </dd>
        </div>
      ))}
    </dl>
  )
}

const Charts = ({ store, crowd }: PartProps) => {
  const { texts } = store
  const { charts } = crowd
  const words = { asTable: texts.asTable, second: texts.second, unit: texts.unit }
  // The last second is not over yet.
  const lastRate = (values: readonly number[]) => rate(values.at(-2) ?? values.at(-1) ?? 0)
  const asSeconds = (values: readonly (number | null)[]) =>
    values.map((ms) => (ms === null ? null : ms / 1000))
  return (
    <div class="card crowd-charts">
      <LineChart
        title={texts.perSecond}
        stepMs={charts.stepMs}
        words={words}
        format={rate}
        lines={[
          {
            name: texts.acceptedLine,
            tone: 'violet',
            values: charts.accepted,
            now: lastRate(charts.accepted),
          },
          { name: texts.messageLine, tone: 'leaf', values: charts.messages, now: lastRate(charts.messages) },
        ]}
      />
      <LineChart
        title={texts.people}
        stepMs={charts.stepMs}
        words={words}
        format={number}
        lines={[
          { name: texts.servedLine, tone: 'leaf', values: charts.served, now: number(crowd.served) },
          { name: texts.waitingLine, tone: 'amber', values: charts.waiting, now: number(crowd.waiting) },
        ]}
      />
      <div>
        <LineChart
          title={texts.delay}
          stepMs={charts.stepMs}
          words={words}
          format={secondsText}
          lines={[
            {
              name: texts.median,
              tone: 'plot',
              values: asSeconds(charts.p50),
              now: inSeconds(crowd.delayP50),
            },
            {
              name: texts.slowest,
              tone: 'amber',
              values: asSeconds(charts.p99),
              now: inSeconds(crowd.delayP99),
            },
          ]}
        />
        <p class="quiet">{texts.delayHint}</p>
      </div>
    </div>
  )
}

/** A send that was under way at the unfollow is not an error. */
const HARMLESS: ReadonlySet<Finding> = new Set(['after-unfollow'])

/** Each finding, and whether it is an error. */
const judged = ({ findings }: StartedCrowdView) =>
  (Object.entries(findings) as [Finding, StartedCrowdView['findings'][Finding]][]).map(([finding, found]) => {
    const tone = found.count === 0 ? 'good' : HARMLESS.has(finding) ? 'harmless' : 'wrong'
    return { finding, tone, ...found } as const
  })

/** What came of it, in a line. Nothing while the crowd is under way. */
const Conclusion = ({ store: { texts }, crowd }: PartProps) => {
  if (crowd.state !== 'finished') return null
  const wrong = judged(crowd).filter(({ tone }) => tone === 'wrong')
  return (
    <p class={wrong.length === 0 ? 'note green' : 'note red'} id="crowd-conclusion" role="status">
      <Icon name={wrong.length === 0 ? 'circle-check' : 'circle-alert'} />
      <span>
        <b>{texts.conclusion}</b>{' '}
        {wrong.length === 0 ? texts.noProblem(number(crowd.served)) : texts.problemsFound(wrong.length)}
      </span>
    </p>
  )
}

const Verdict = ({ store, crowd }: PartProps) => {
  const { texts, data } = store
  return (
    <section class="card crowd-verdict">
      <h2>{texts.judge}</h2>
      <p class="quiet">{texts.judgeHint}</p>
      <ul>
        {judged(crowd).map(({ finding, tone, count, examples }) => (
          <li key={finding} class={tone} data-finding={finding} data-count={count}>
            <Icon name={tone === 'wrong' ? 'circle-alert' : 'circle-check'} />
            <span class="what">
              {texts.findings[finding]}
              <small>{texts.findingHints[finding]}</small>
              {examples.map((openId, i) => (
                <a key={openId} href={`/phone/${data.appId}/${openId}`}>
                  {texts.example(i + 1)}
                </a>
              ))}
            </span>
            <b>{number(count)}</b>
          </li>
        ))}
      </ul>
    </section>
  )
}
