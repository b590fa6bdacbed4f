import type { accountView } from '../../api/views/account-view.ts'
import { timeInBeijing } from '../../shared/beijing-time.ts'
import { Code, Data, Empty, StatePill, timeCell } from '../components/basics.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { requiredAction } from '../remedy.ts'
import { Page } from '../shell/page.tsx'
import { ACCOUNT_STATES, useLabel } from '../texts/labels.ts'
import { ACCOUNT_TEXTS } from '../texts/page-texts.ts'
import { useText, useView } from '../view.ts'

type AccountView = ReturnType<typeof accountView>

export const AccountsPage = ({ items }: { items: AccountView[] }) => {
  const texts = useText(ACCOUNT_TEXTS)
  const columns: Column<AccountView>[] = [
    { title: texts.name, cell: (a) => <AccountName account={a} /> },
    { title: texts.state, cell: (a) => <AccountState account={a} /> },
    { title: texts.since, cell: (a) => timeCell(a.stateSince) },
    { title: texts.remedy, cell: (a) => (a.state === 'active' ? null : <AccountRemedy account={a} />) },
    { title: texts.mode, cell: (a) => <AccountMode account={a} /> },
    { title: texts.rules, cell: (a) => <Code>{a.rules}</Code> },
    {
      title: texts.unasked,
      cell: (a) => (a.cap || a.quietHours ? <UnaskedLimits account={a} /> : null),
    },
    { title: texts.optOut, cell: (a) => (a.optOut ? <OptOutWords optOut={a.optOut} /> : null) },
  ]
  return (
    <Page title={texts.title} at="/accounts" aside={<AuthorisationLinks />}>
      {items.length === 0 ? (
        <Empty text={texts.empty} hint={texts.emptyHint} command="npm run nurture -- account add" />
      ) : (
        <DataTable columns={columns} rows={items} />
      )}
    </Page>
  )
}

const AuthorisationLinks = () => {
  const texts = useText(ACCOUNT_TEXTS)
  const url = useView().links.authorisationUrl
  return url ? (
    <p class="row">
      <a href={`${url}?device=phone`} referrerpolicy="origin">
        {texts.authoriseOnPhone}
      </a>
      <a class="button main" href={url} referrerpolicy="origin">
        {texts.authorise}
      </a>
    </p>
  ) : null
}

const AccountName = ({ account }: { account: AccountView }) => (
  <>
    <b translate="no">{account.name}</b>
    <div class="quiet">
      <Code>{account.appId}</Code>
    </div>
  </>
)

const AccountMode = ({ account }: { account: AccountView }) => {
  const texts = useText(ACCOUNT_TEXTS)
  return (
    <>
      {texts.modes[account.mode] ?? account.mode}
      {account.kind === 'authorised' ? <div class="quiet">{texts.authorised}</div> : null}
    </>
  )
}

export const AccountState = ({ account }: { account: AccountView }) => {
  const texts = useText(ACCOUNT_TEXTS)
  const label = useLabel(ACCOUNT_STATES)
  return (
    <>
      <StatePill state={account.state} label={label(account.state)} />
      {account.stateReason ? (
        <div class="quiet">
          <Data>{account.stateReason}</Data>
        </div>
      ) : null}
      {account.stateUntil ? (
        <div class="quiet">{texts.until(timeInBeijing(Date.parse(account.stateUntil)))}</div>
      ) : null}
    </>
  )
}

/** The keywords of an account's opt-out. */
const OptOutWords = ({ optOut }: { optOut: NonNullable<AccountView['optOut']> }) => {
  const texts = useText(ACCOUNT_TEXTS)
  const list = (words: readonly string[]) => words.join(texts.listSeparator)
  return (
    <>
      <Data>{list(optOut.keywords)}</Data>
      {optOut.resume ? (
        <div class="quiet">
          <Data>{texts.resumeWords(list(optOut.resume))}</Data>
        </div>
      ) : null}
    </>
  )
}

/** What holds back messages that answer nothing: the account's cap, and its quiet hours. */
const UnaskedLimits = ({ account: { cap, quietHours } }: { account: AccountView }) => {
  const texts = useText(ACCOUNT_TEXTS)
  return (
    <>
      {cap ? <div>{texts.cap(cap.messages, cap.per)}</div> : null}
      {quietHours ? <div>{texts.quietHours(quietHours.from, quietHours.to)}</div> : null}
    </>
  )
}

const AccountRemedy = ({ account }: { account: AccountView }) => {
  const texts = useText(ACCOUNT_TEXTS)
  const { language, links } = useView()
  const { authorisationUrl } = links
  const action = requiredAction(account, { platform: Boolean(authorisationUrl) })
  if (!action) return null
  return (
    <>
      {action[language]}
      {action.authorise && authorisationUrl ? (
        <div>
          <a href={authorisationUrl} referrerpolicy="origin">
            {texts.authoriseAgain}
          </a>
        </div>
      ) : null}
    </>
  )
}
