import type { Child } from 'hono/jsx'
import type { dryRunAnswer } from '../../api/schemas/dry-run-schemas.ts'
import type { Issue } from '../../campaign/issue.ts'
import type { Campaign } from '../../campaign/model.ts'
import { placeName } from '../../campaign/texts/field-names.ts'
import { Data, Time } from '../components/basics.tsx'
import { CampaignFrame, type FramedCampaign } from '../components/campaign-frame.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import {
  FormProblem,
  type FormState,
  LongProgress,
  type Option,
  SelectField,
  TextField,
} from '../components/forms.tsx'
import { IssueList } from '../components/issue-list.tsx'
import { useNumber } from '../components/numbers.tsx'
import { useReason } from '../components/reason-bars.tsx'
import { type Named, StepName, useStepNames } from '../components/step-name.tsx'
import { Icon } from '../design/icons.tsx'
import { campaignPath } from '../paths.ts'
import type { StepNames } from '../steps/step-names.ts'
import { useLabel } from '../texts/labels.ts'
import { OUTCOMES } from '../texts/reason-labels.ts'
import { DRY_RUN_TEXTS } from '../texts/try-texts.ts'
import { useText, useView } from '../view.ts'

export type DryRunResult = ReturnType<typeof dryRunAnswer.parse>

export interface DryRunProps {
  campaign: FramedCampaign
  /** The version that is played, and the live one. Null: it has errors. */
  models: readonly (Campaign | null)[]
  versions: Option[]
  accounts: Option[]
  /** Beijing time, as the fields have it: `2026-11-30T08:00`. */
  period: { from: string; to: string }
  issues: readonly Issue[]
  /** The fields of the draft, which name the steps of its errors; null: there is none. */
  draft: Named
  state: FormState
  result: DryRunResult | null
}

/** `/campaigns/ID/dry-run` */
export const DryRunPage = (props: DryRunProps) => {
  const texts = useText(DRY_RUN_TEXTS)
  const { campaign, versions, accounts, period, issues, state, result } = props
  const path = campaignPath(campaign.id)
  return (
    <CampaignFrame campaign={campaign} at={null} page="dry-run">
      <h2>{texts.title}</h2>
      <p class="list-summary">{texts.intro}</p>
      {accounts.length === 0 ? (
        <p class="empty">{texts.noAccount}</p>
      ) : (
        <form method="post" action={`${path}/dry-run`} class="card form-card" data-long>
          <FormProblem state={state} />
          {issues.length === 0 ? null : (
            <div class="note red">
              <Icon name="circle-alert" />
              <div>
                <b>{texts.broken}</b>
                <IssueList issues={issues} of={props.draft} editor={`${path}/yaml`} />
              </div>
            </div>
          )}
          <SelectField name="version" label={texts.version} state={state} options={versions} required />
          <SelectField name="account" label={texts.account} state={state} options={accounts} required />
          <TextField
            name="from"
            type="datetime-local"
            label={texts.from}
            state={state}
            value={period.from}
            required
          />
          <TextField
            name="to"
            type="datetime-local"
            label={texts.to}
            state={state}
            value={period.to}
            required
          />
          <div class="dialog-actions">
            <LongProgress working={texts.working} />
            <button type="submit" class="main">
              {texts.submit}
            </button>
          </div>
        </form>
      )}
      {result === null ? null : <Result result={result} models={props.models} />}
    </CampaignFrame>
  )
}

/** A line of the table: what, how often in the dry run, and how often really. Null: nothing recorded it. */
interface Line {
  what: Child
  dry: number
  real: number | null
}

const Result = ({ result, models }: { result: DryRunResult; models: DryRunProps['models'] }) => {
  const texts = useText(DRY_RUN_TEXTS)
  const number = useNumber()
  const { comparison, dryRun, texts: kept, truncated } = result
  const columns: Column<Line>[] = [
    { title: texts.what, cell: ({ what }) => what },
    { title: texts.dry, cell: ({ dry }) => <span class="number">{number(dry)}</span> },
    {
      title: texts.real,
      cell: ({ real }) => <span class="number">{real === null ? '–' : number(real)}</span>,
    },
  ]
  const reason = useReason()
  const names = useStepNames(...models)
  return (
    <section class="card" role="status">
      <h2>{texts.result}</h2>
      <p class="list-summary">
        {texts.summary(number(result.followers), number(result.events))}{' '}
        <span class="quiet">
          {texts.playedUntil} <Time at={result.playedUntil} />
        </span>
      </p>
      {result.events === 0 ? <p class="note amber">{texts.noEvents}</p> : null}
      {kept.notKept > 0 ? <p class="note amber">{texts.notKept(number(kept.notKept))}</p> : null}
      {truncated === null ? null : <p class="note amber">{texts.truncated}</p>}
      <DataTable columns={columns} rows={useLines(result, names)} />
      <h3>{texts.comparison}</h3>
      <ul class="lines">
        {(['same', 'different', 'onlyDryRun', 'onlyReal'] as const).map((key) => (
          <li>
            <span>{texts[key]}</span>
            <b>{number(comparison[key])}</b>
          </li>
        ))}
      </ul>
      {Object.keys(dryRun.notBegun).length === 0 ? null : (
        <>
          <h3>{texts.notBegun}</h3>
          <ul class="lines">
            {Object.entries(dryRun.notBegun).map(([why, n]) => (
              <li>
                <span>{reason(why)}</span>
                <b>{number(n)}</b>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

function useLines({ dryRun, real }: DryRunResult, names: StepNames): Line[] {
  const texts = useText(DRY_RUN_TEXTS)
  const outcome = useLabel(OUTCOMES)
  const { language } = useView()
  const both = (
    name: string,
    a: Record<string, number>,
    b: Record<string, number>,
    shown: (key: string) => Child,
    isRecorded = (_key: string) => true,
  ): Line[] =>
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => ({
      what: (
        <>
          {name === '' ? null : <StepName id={name} names={names} numbered brief />} {shown(key)}
        </>
      ),
      dry: a[key] ?? 0,
      real: isRecorded(key) ? (b[key] ?? 0) : null,
    }))
  const result = useStepResult()
  const stepIds = [...new Set([...dryRun.steps, ...real.steps].map(({ step }) => step))]
  const resultsOf = (all: DryRunResult['real'], id: string) =>
    all.steps.find(({ step }) => step === id)?.results ?? {}
  const forkIds = [...new Set([...dryRun.forks, ...real.forks].map(({ fork }) => fork))]
  const branchesOf = (all: DryRunResult['real'], id: string) =>
    all.forks.find(({ fork }) => fork === id)?.branches ?? {}
  return [
    { what: texts.begun, dry: dryRun.begun, real: real.begun },
    { what: texts.open, dry: dryRun.open, real: real.open },
    { what: texts.goals, dry: dryRun.goals, real: real.goals },
    ...both('', dryRun.outcomes, real.outcomes, outcome),
    ...stepIds.flatMap((id) => both(id, resultsOf(dryRun, id), resultsOf(real, id), result)),
    ...forkIds.flatMap((id) =>
      both(id, branchesOf(dryRun, id), branchesOf(real, id), (branch) => (
        <Data>{names.branch(id, branch)}</Data>
      )),
    ),
    // Of the replies that were given, only those of `answers` are recorded.
    ...both(
      '',
      dryRun.replies,
      real.replies,
      (path) => placeName(path, language),
      (path) => path.startsWith('answers'),
    ),
  ]
}

/** `sent`, `open`, `unknown`, `skipped:REASON` or `failed:ERRCODE` in words. */
function useStepResult(): (result: string) => string {
  const texts = useText(DRY_RUN_TEXTS)
  const reason = useReason()
  return (result) => {
    const [kind = '', detail] = result.split(':')
    const name = {
      sent: texts.sent,
      open: texts.open,
      unknown: texts.unknown,
      skipped: texts.skipped,
      failed: texts.failed,
    }[kind]
    const shown = detail === undefined ? '' : ` · ${reason(detail)}`
    return `${name ?? kind}${shown}`
  }
}
