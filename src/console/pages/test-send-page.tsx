import type { Issue } from '../../campaign/issue.ts'
import type { Campaign } from '../../campaign/model.ts'
import { timeInBeijing } from '../../shared/beijing-time.ts'
import type { Tester } from '../../store/runs/testers.ts'
import { Code, StatePill } from '../components/basics.tsx'
import { CampaignFrame, type FramedCampaign } from '../components/campaign-frame.tsx'
import { DataTable } from '../components/data-table.tsx'
import { FormProblem, type FormState, type Option, SelectField, TextField } from '../components/forms.tsx'
import { IssueList } from '../components/issue-list.tsx'
import { type Named, StepName, useStepNames } from '../components/step-name.tsx'
import { Icon } from '../design/icons.tsx'
import { campaignPath } from '../paths.ts'
import { EDITOR_TEXTS } from '../texts/editor-texts.ts'
import { testSendReason } from '../texts/errors/test-send-reasons.ts'
import { TEST_SEND_TEXTS } from '../texts/try-texts.ts'
import { useText, useView } from '../view.ts'

/** What the operator API answers to a test. */
export interface TestSendResult {
  duplicate: boolean
  grant: { expiresAt: string; left: number }
  messages: { step: string; result: string; errcode: number | null; reason: string | null }[]
}

export interface TestSendProps {
  campaign: FramedCampaign
  /** The versions that can be sent: the draft, the newest. */
  versions: Option[]
  version: string
  accounts: Option[]
  account: string
  /** The version; null: it has errors. */
  model: Campaign | null
  /** Steps with messages. */
  steps: readonly string[]
  /** Errors of the draft, and its fields, which name the steps. */
  issues: readonly Issue[]
  draft: Named
  testers: readonly Tester[]
  /** Repeats of the form send nothing again. */
  key: string
  state: FormState
  result: TestSendResult | null
}

/** `/campaigns/ID/test` */
export const TestSendPage = (props: TestSendProps) => {
  const texts = useText(TEST_SEND_TEXTS)
  const { campaign, accounts, issues, result } = props
  return (
    <CampaignFrame campaign={campaign} at={null} page="test">
      <h2>{texts.title}</h2>
      <p class="list-summary">{texts.intro}</p>
      {result === null ? null : <Results result={result} model={props.model} />}
      {accounts.length === 0 ? (
        <p class="empty">{texts.noAccount}</p>
      ) : (
        <>
          <ChooseVersion {...props} />
          {issues.length > 0 ? (
            <div class="note red" role="alert">
              <Icon name="circle-alert" />
              <div>
                <b>{texts.broken}</b>
                <IssueList issues={issues} of={props.draft} editor={`${campaignPath(campaign.id)}/yaml`} />
              </div>
            </div>
          ) : (
            <TestForm {...props} />
          )}
        </>
      )}
    </CampaignFrame>
  )
}

/** The steps depend on the version, and the testers on the account. */
const ChooseVersion = ({ campaign, versions, version, accounts, account }: TestSendProps) => {
  const texts = useText(TEST_SEND_TEXTS)
  const options = (all: Option[], chosen: string) =>
    all.map(({ value, label, isData }) => (
      <option value={value} selected={value === chosen} translate={isData ? 'no' : undefined}>
        {label}
      </option>
    ))
  return (
    <form method="get" action={`${campaignPath(campaign.id)}/test`} class="filters">
      <select name="version" aria-label={texts.version}>
        {options(versions, version)}
      </select>
      <select name="account" aria-label={texts.account}>
        {options(accounts, account)}
      </select>
      <button type="submit">{texts.changeAccount}</button>
    </form>
  )
}

const TestForm = (props: TestSendProps) => {
  const texts = useText(TEST_SEND_TEXTS)
  const { stepTitle } = useText(EDITOR_TEXTS)
  const { campaign, model, steps, testers, state } = props
  const names = useStepNames(model)
  if (steps.length === 0) return <p class="empty">{texts.noMessage}</p>
  const stepOptions = [
    { value: 'all', label: texts.all },
    ...steps.map((id) => {
      const name = names.of(id)
      return { value: id, label: name ? `${stepTitle(name.number)} · ${name.words}` : id, isData: true }
    }),
  ]
  const testerOptions = testers.map(({ openId, grantEndsAt }) => ({
    value: openId,
    label: `${openId} · ${texts.until(timeInBeijing(grantEndsAt))}`,
  }))
  return (
    <form method="post" action={`${campaignPath(campaign.id)}/test`} class="card form-card">
      <FormProblem state={state} />
      <input type="hidden" name="version" value={props.version} />
      <input type="hidden" name="account" value={props.account} />
      <input type="hidden" name="key" value={props.key} />
      <SelectField name="step" label={texts.step} state={state} options={stepOptions} required />
      {testers.length === 0 ? (
        <p class="note amber">
          <Icon name="triangle-alert" />
          <span>{texts.noTester}</span>
        </p>
      ) : (
        <SelectField
          name="tester"
          label={texts.tester}
          hint={texts.testerHint}
          state={state}
          options={testerOptions}
          required
        />
      )}
      <TextField name="openId" label={texts.other} hint={texts.otherHint} state={state} maxlength={128} />
      <TextField
        name="reply"
        label={texts.reply}
        hint={texts.replyHint}
        state={state}
        value="1"
        maxlength={600}
      />
      <div class="dialog-actions">
        <button type="submit" class="main">
          {texts.submit}
        </button>
      </div>
    </form>
  )
}

const Results = ({ result, model }: { result: TestSendResult; model: Campaign | null }) => {
  const texts = useText(TEST_SEND_TEXTS)
  const { language } = useView()
  const names = useStepNames(model)
  const { grant, messages, duplicate } = result
  return (
    <section class="card" role="status">
      <h2>{texts.results}</h2>
      <p>
        {duplicate ? texts.duplicate : texts.grant(grant.left, timeInBeijing(Date.parse(grant.expiresAt)))}
      </p>
      <DataTable
        columns={[
          {
            title: texts.step,
            cell: (m) => <StepName id={m.step} names={names} numbered withId />,
          },
          {
            title: texts.result,
            cell: (m) => (
              <StatePill
                state={m.result === 'refused' ? 'blocked' : m.result === 'unclear' ? 'unknown' : m.result}
                label={texts.states[m.result] ?? m.result}
              />
            ),
          },
          {
            title: texts.reason,
            cell: (m) =>
              m.reason === null ? null : (
                <>
                  {testSendReason(m.reason, language)} {m.errcode === null ? null : <Code>{m.errcode}</Code>}
                </>
              ),
          },
        ]}
        rows={messages}
      />
    </section>
  )
}
