import type { AccountCheck } from '../../../api/verify-account.ts'
import { timeInBeijing } from '../../../shared/beijing-time.ts'
import { Code } from '../../components/basics.tsx'
import { Fact, Facts } from '../../components/facts.tsx'
import {
  ConfirmedAction,
  FormDialog,
  FormProblem,
  type FormState,
  NEW_FORM,
  OpensDialog,
  TextField,
} from '../../components/forms.tsx'
import { useNumber } from '../../components/numbers.tsx'
import { accountPath } from '../../paths.ts'
import { Page } from '../../shell/page.tsx'
import { ACCOUNT_PAGE_TEXTS, ACCOUNT_TEXTS } from '../../texts/account-texts.ts'
import { useMay, useText } from '../../view.ts'
import { AccountChecks } from './account-checks.tsx'
import {
  AccountHead,
  AccountKind,
  AccountRemedy,
  AccountTabs,
  Ago,
  OptOutWords,
  Quota,
  type ShownAccount,
  TokenState,
  UnaskedLimits,
} from './account-parts.tsx'

/** What the page of one account shows beyond its card. */
export interface AccountDetails extends ShownAccount {
  /** This machine's clock minus WeChat's, and whether that is little; null: too few callbacks. */
  clock: { skewMs: number; ok: boolean } | null
  counts: Readonly<{ accepted: number; duplicates: number; refused: number }>
  /** Counted to a bound. */
  activeRuns: number
}

export const AccountPage = (
  props: AccountDetails & { checks?: AccountCheck[] | null; removal?: FormState },
) => {
  const { account, checks = null, removal } = props
  const mayRemove = useMay('admin')
  return (
    <Page title={account.name} at="/accounts" aside={<StateAction account={account} />}>
      <AccountHead account={account} />
      <AccountTabs account={account} at={accountPath(account.appId)} />
      <AccountRemedy account={account} />
      <div class="columns">
        <AccountFacts {...props} />
        <AccountChecks appId={account.appId} results={checks} />
      </div>
      {mayRemove ? <Removal {...props} state={removal ?? NEW_FORM} /> : null}
    </Page>
  )
}

const StateAction = ({ account }: Pick<AccountDetails, 'account'>) => {
  const texts = useText(ACCOUNT_TEXTS)
  const more = useText(ACCOUNT_PAGE_TEXTS)
  if (!useMay('operator') || account.state !== 'active') return null
  return (
    <ConfirmedAction
      id="pause-account"
      label={texts.pause}
      icon="pause"
      title={more.pauseTitle}
      hint={more.pauseHint}
      action={`${accountPath(account.appId)}/pause`}
    />
  )
}

const AccountFacts = (props: AccountDetails) => {
  const { account, lastCallbackAt, token, now } = props
  const texts = useText(ACCOUNT_TEXTS)
  const more = useText(ACCOUNT_PAGE_TEXTS)
  const verified = account.verified === null ? 'unknown' : account.verified ? 'yes' : 'no'
  return (
    <section class="card">
      <h2>{more.facts}</h2>
      <Facts layout="two">
        <Fact name={texts.lastCallback}>
          {lastCallbackAt === null ? texts.never : <Ago at={lastCallbackAt} now={now} />}
        </Fact>
        <Fact name={texts.token}>
          <TokenState token={token} now={now} />
        </Fact>
        <Fact name={texts.mode}>
          <AccountKind account={account} />
        </Fact>
        <Fact name={texts.quota}>
          <Quota account={account} />
          {account.quota ? (
            <div class="quiet">{more.quotaAt(timeInBeijing(Date.parse(account.quota.askedAt)))}</div>
          ) : null}
        </Fact>
        <Fact name={more.clock}>
          <Clock clock={props.clock} />
        </Fact>
        <Fact name={more.verified}>{more.verifiedValues[verified]}</Fact>
        <Fact name={texts.rules}>
          <Code>{account.rules}</Code>
        </Fact>
        <Fact name={more.timezone}>
          <Code>{account.timezone}</Code>
        </Fact>
        <Fact name={texts.unasked}>
          <UnaskedLimits account={account} />
        </Fact>
        {account.optOut ? (
          <Fact name={texts.optOut}>
            <OptOutWords optOut={account.optOut} />
          </Fact>
        ) : null}
        {account.refusedKinds.length > 0 ? (
          <Fact name={more.refusedKinds}>
            <Code>{account.refusedKinds.join(', ')}</Code>
          </Fact>
        ) : null}
        <Fact name={more.counters}>
          <Counters counts={props.counts} />
        </Fact>
      </Facts>
    </section>
  )
}

const Clock = ({ clock }: Pick<AccountDetails, 'clock'>) => {
  const texts = useText(ACCOUNT_PAGE_TEXTS)
  if (clock === null) return <>{texts.clockUnknown}</>
  if (clock.ok) return <>{texts.clockGood}</>
  return <span class="bad">{texts.clockOff((Math.abs(clock.skewMs) / 1_000).toFixed(1))}</span>
}

const Counters = ({ counts }: Pick<AccountDetails, 'counts'>) => {
  const texts = useText(ACCOUNT_PAGE_TEXTS)
  const number = useNumber()
  return (
    <>
      {texts.countersValue(number(counts.accepted), number(counts.duplicates), number(counts.refused))}
      <div class="quiet">{texts.countersHint}</div>
    </>
  )
}

/** Removing an account deletes its followers, so its id must be typed. */
const Removal = ({ account, activeRuns, state }: AccountDetails & { state: FormState }) => {
  const texts = useText(ACCOUNT_PAGE_TEXTS)
  const number = useNumber()
  const lost = (
    <>
      <p>{texts.dangerHint}</p>
      {activeRuns > 0 ? <p class="bad">{texts.activeRuns(number(activeRuns))}</p> : null}
    </>
  )
  return (
    <section class="card">
      <h2>{texts.danger}</h2>
      {lost}
      <p class="card-actions">
        <OpensDialog dialog="remove-account" label={texts.remove} icon="trash" tone="danger" />
      </p>
      <FormDialog
        id="remove-account"
        title={texts.removeTitle}
        action={`${accountPath(account.appId)}/remove`}
        submit={texts.remove}
        tone="danger"
        open={Object.keys(state.problems).length > 0}
      >
        <FormProblem state={state} />
        {lost}
        <TextField name="confirm" label={texts.typeAppId(account.appId)} state={state} required />
      </FormDialog>
    </section>
  )
}
