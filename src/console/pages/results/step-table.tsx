import type { StepCounts } from '../../../campaign/statistics/report.ts'
import { Data } from '../../components/basics.tsx'
import { Legend, StackedBar, type Tone } from '../../components/charts.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { useNumber } from '../../components/numbers.tsx'
import { useReason } from '../../components/reason-bars.tsx'
import { type StepParts, stepParts, worstStep } from '../../results/step-parts.ts'
import { RESULTS_TEXTS } from '../../texts/results-texts.ts'
import { useText } from '../../view.ts'
import { type Results, ResultsCard, rateOf } from './results-parts.tsx'

const PARTS = [
  ['sent', 'leaf'],
  ['open', 'grey'],
  ['byDesign', 'design'],
  ['couldNot', 'amber'],
  ['unknown', 'red'],
] as const satisfies [keyof StepParts, Tone][]

/** What became of each step, the worst one marked with its reason. */
export const StepTable = ({ results }: { results: Results }) => {
  const texts = useText(RESULTS_TEXTS)
  const number = useNumber()
  const { steps, runs } = results.statistics
  const parts = steps.map((step) => stepParts(step, runs))
  const worst = worstStep(parts)
  const rows = steps.map((step, i) => ({
    step,
    parts: parts[i] ?? stepParts(step, runs),
    isWorst: i === worst,
  }))
  const rate = (n: number, { sent }: StepCounts) => rateOf(n, sent) ?? number(n)
  const names = useNames()
  return (
    <ResultsCard title={texts.steps} results={results} table="steps">
      <Legend items={PARTS.map(([part, tone]) => ({ name: names[part], tone }))} />
      <DataTable
        columns={[
          { title: texts.step, cell: ({ step }) => <Data>{step.step}</Data> },
          { title: texts.split, cell: (row) => <Split {...row} /> },
          { title: texts.sent, cell: ({ step }) => number(step.sent) },
          { title: texts.couldNot, cell: (row) => number(row.parts.couldNot) },
          { title: texts.unknown, cell: ({ step }) => number(step.unknown) },
          { title: texts.repliedAfter, cell: ({ step }) => rate(step.repliedAfter, step) },
          { title: texts.clicked, cell: ({ step }) => number(clicksOf(step)) },
          { title: texts.unfollowedAfter, cell: ({ step }) => rate(step.unfollowedAfter, step) },
        ]}
        rows={rows}
      />
    </ResultsCard>
  )
}

function useNames(): Record<(typeof PARTS)[number][0], string> {
  const texts = useText(RESULTS_TEXTS)
  return {
    sent: texts.sent,
    open: texts.open,
    byDesign: texts.design,
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
