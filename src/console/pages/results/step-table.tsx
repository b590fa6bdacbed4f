import type { Child } from 'hono/jsx'
import type { StepCounts } from '../../../campaign/statistics/report.ts'
import { Data } from '../../components/basics.tsx'
import { Legend, StackedBar, type Tone } from '../../components/charts.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { useNumber } from '../../components/numbers.tsx'
import { useReason } from '../../components/reason-bars.tsx'
import { StepName } from '../../components/step-name.tsx'
import { Icon } from '../../design/icons.tsx'
import type { ResultRow } from '../../results/result-rows.ts'
import { type StepParts, stepParts, worstStep } from '../../results/step-parts.ts'
import type { StepNames } from '../../steps/step-names.ts'
import { RESULTS_TEXTS } from '../../texts/results-texts.ts'
import { useText } from '../../view.ts'
import { type Results, ResultsCard, rateOf } from './results-parts.tsx'

const PARTS = [
  ['sent', 'leaf'],
  ['open', 'grey'],
  ['byDesign', 'design'],
  ['left', 'plot'],
  ['couldNot', 'amber'],
  ['unknown', 'red'],
] as const satisfies [keyof StepParts, Tone][]

/** What became of each step, in the order of the campaign and below its branches. The worst one is marked with its reason. */
export const StepTable = ({ results }: { results: Results }) => {
  const texts = useText(RESULTS_TEXTS)
  const number = useNumber()
  const { query, version } = results
  const { runs } = results.statistics
  const parts = results.rows.map((row) =>
    row.kind === 'step' ? stepParts(row.step, runsOf(row, runs)) : null,
  )
  const steps = parts.flatMap((of) => (of ? [of] : []))
  const worst = steps[worstStep(steps)]
  const rows: TableRow[] = results.rows.map((row, i) => ({ ...row, parts: parts[i] ?? null }))
  const names = useNames()
  const ofStep = (row: TableRow, cell: (step: StepCounts, parts: StepParts) => Child): Child =>
    row.kind === 'step' && row.parts ? cell(row.step, row.parts) : null
  const rate = (n: number, { sent }: StepCounts) => rateOf(n, sent) ?? number(n)
  return (
    <ResultsCard title={texts.steps} results={results} table="steps" withRuns>
      <Legend items={PARTS.map(([part, tone]) => ({ name: names[part], tone }))} />
      <p class="quiet">
        {texts.words} {query.version === null && version > 1 ? texts.newestTexts(number(version)) : null}
      </p>
      <DataTable
        columns={[
          { title: texts.step, cell: (row) => <Name row={row} names={results.names} /> },
          {
            title: texts.split,
            cell: (row) =>
              row.kind === 'reply' ? (
                <span class="quiet">{texts.replyHint}</span>
              ) : row.kind === 'branch' ? (
                <Taken row={row} />
              ) : (
                ofStep(row, (step, of) => <Split step={step} parts={of} isWorst={of === worst} />)
              ),
          },
          { title: texts.sent, cell: (row) => ofStep(row, (step) => number(step.sent)) },
          { title: texts.couldNot, cell: (row) => ofStep(row, (_, of) => number(of.couldNot)) },
          { title: texts.unknown, cell: (row) => ofStep(row, (step) => number(step.unknown)) },
          { title: texts.repliedAfter, cell: (row) => ofStep(row, (step) => rate(step.repliedAfter, step)) },
          { title: texts.clicked, cell: (row) => ofStep(row, (step) => number(clicksOf(step))) },
          {
            title: texts.unfollowedAfter,
            cell: (row) => ofStep(row, (step) => rate(step.unfollowedAfter, step)),
          },
        ]}
        rows={rows}
      />
    </ResultsCard>
  )
}

type TableRow = ResultRow & { parts: StepParts | null }

/** The runs that may have a step: those of its branch. */
const runsOf = (
  { taken }: ResultRow & { kind: 'step' },
  { entered, active }: { entered: number; active: number },
) => (taken === null ? { entered, active } : { entered: taken, active: Math.min(active, taken) })

const Name = ({ row, names }: { row: TableRow; names: StepNames }) => {
  const texts = useText(RESULTS_TEXTS)
  if (row.kind === 'reply') return <b>{texts.reply}</b>
  if (row.kind === 'others') return <span class="quiet">{texts.otherVersions}</span>
  const depth = `at-${Math.min(row.depth, 4)}`
  if (row.kind === 'step')
    return (
      <div class={depth}>
        <StepName id={row.step.step} names={names} numbered withId />
      </div>
    )
  return (
    <span class={`${depth} branch-name`}>
      <Icon name="git-branch" />
      <StepName id={row.fork} names={names} brief />
      <b>
        <Data>{names.branch(row.fork, row.branch)}</Data>
      </b>
    </span>
  )
}

/** How many of the runs at a fork took a branch. */
const Taken = ({ row }: { row: ResultRow & { kind: 'branch' } }) => {
  const texts = useText(RESULTS_TEXTS)
  const number = useNumber()
  return <span class="quiet">{texts.taken(number(row.taken), rateOf(row.taken, row.ofFork))}</span>
}

function useNames(): Record<(typeof PARTS)[number][0], string> {
  const texts = useText(RESULTS_TEXTS)
  return {
    sent: texts.sent,
    open: texts.open,
    byDesign: texts.design,
    left: texts.left,
    couldNot: texts.couldNot,
    unknown: texts.unknown,
  }
}

const clicksOf = ({ clicked }: StepCounts) => Object.values(clicked).reduce((sum, n) => sum + n, 0)

const Split = ({ step, parts, isWorst }: { step: StepCounts; parts: StepParts; isWorst: boolean }) => {
  const texts = useText(RESULTS_TEXTS)
  const number = useNumber()
  const reasonText = useReason()
  const names = useNames()
  return (
    <>
      <StackedBar
        label={texts.split}
        parts={PARTS.map(([part, tone]) => ({ name: names[part], value: parts[part], tone }))}
      />
      {isWorst && parts.worst ? (
        <p class="missed" id={`missed-${step.step}`}>
          {texts.missed(
            number(parts.couldNot),
            `${Math.round(parts.worst.share * 100)}%`,
            reasonText(parts.worst.reason),
          )}
        </p>
      ) : null}
    </>
  )
}
