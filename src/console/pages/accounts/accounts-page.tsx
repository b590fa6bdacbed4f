import { timeInBeijing } from '../../../shared/beijing-time.ts'
import { Code, StatePill } from '../../components/basics.tsx'
import { Fact, Facts } from '../../components/facts.tsx'
import { Icon } from '../../design/icons.tsx'
import { accountPath } from '../../paths.ts'
import { needsFix } from '../../remedy.ts'
import { Page } from '../../shell/page.tsx'
import { ACCOUNT_TEXTS } from '../../texts/account-texts.ts'
import { ACCOUNT_STATES, useLabel } from '../../texts/labels.ts'
import { useMay, useText, useView } from '../../view.ts'
import {
  AccountKind,
  AccountMark,
  AccountRemedy,
  Ago,
  OptOutWords,
  Quota,
  type ShownAccount,
  StateReason,
  TokenState,
  UnaskedLimits,
} from './account-parts.tsx'

/** Can each account send? If not, what is to do? */
export const AccountsPage = ({ items }: { items: ShownAccount[] }) => {
  const texts = useText(ACCOUNT_TEXTS)
  const accounts = items.map(({ account }) => account)
  const active = accounts.filter(({ state }) => state === 'active').length
  return (
    <Page title={texts.title} at="/accounts" aside={<ConnectLinks />}>
      {items.length === 0 ? (
        <div class="empty">
          <p>{texts.empty}</p>
          <p>{texts.emptyHint}</p>
        </div>
      ) : (
        <>
          <p class="quiet summary">
            {texts.summary(accounts.length, active, accounts.filter(needsFix).length)}
          </p>
          <ul class="account-cards">
            {items.map((item) => (
              <li>
                <AccountCard {...item} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Page>
  )
}

const ConnectLinks = () => {
  const texts = useText(ACCOUNT_TEXTS)
  const url = useView().links.authorisationUrl
  const mayAdd = useMay('admin')
  return (
    <p class="row">
      {mayAdd ? (
        <a class={url ? 'button' : 'button main'} href="/accounts/new">
          <Icon name="plus" />
          {texts.add}
        </a>
      ) : null}
      {url ? (
        <a class="button main" href={url} referrerpolicy="origin">
          <Icon name="qr-code" />
          {texts.authorise}
        </a>
      ) : null}
    </p>
  )
}

const AccountCard = (shown: ShownAccount) => {
  const { account } = shown
  const texts = useText(ACCOUNT_TEXTS)
  const label = useLabel(ACCOUNT_STATES)
  return (
    <article class={needsFix(account) ? 'card account-card fix' : 'card account-card'}>
      <header>
        <AccountMark account={account} />
        <div class="grow">
          <h2>
            <a class="account-name" href={accountPath(account.appId)} translate="no">
              {account.name}
            </a>
          </h2>
          <p class="quiet">
            <AccountKind account={account} />
          </p>
        </div>
        <div class="account-state">
          <StatePill state={account.state} label={label(account.state)} />
          <p class="quiet">{texts.since(timeInBeijing(Date.parse(account.stateSince)).slice(0, 16))}</p>
          {account.stateUntil ? (
            <p class="quiet">{texts.until(timeInBeijing(Date.parse(account.stateUntil)).slice(0, 16))}</p>
          ) : null}
        </div>
      </header>
      <AccountRemedy account={account} />
      <StateReason account={account} />
      <CardFacts {...shown} />
      <footer class="card-foot">
        <Code>{account.appId}</Code>
        <span class="row">
          <a href={accountPath(account.appId)}>{texts.details}</a>
          <a href={`${accountPath(account.appId)}/settings`}>{texts.settings}</a>
        </span>
      </footer>
    </article>
  )
}

const CardFacts = ({ account, lastCallbackAt, token, now }: ShownAccount) => {
  const texts = useText(ACCOUNT_TEXTS)
  return (
    <Facts layout="three">
      <Fact name={texts.lastCallback}>
        {lastCallbackAt === null ? texts.never : <Ago at={lastCallbackAt} now={now} />}
      </Fact>
      <Fact name={texts.token}>
        <TokenState token={token} now={now} />
      </Fact>
      <Fact name={texts.quota}>
        <Quota account={account} />
      </Fact>
      <Fact name={texts.unasked}>
        <UnaskedLimits account={account} />
      </Fact>
      <Fact name={texts.rules}>
        <Code>{account.rules}</Code>
      </Fact>
      {account.optOut ? (
        <Fact name={texts.optOut}>
          <OptOutWords optOut={account.optOut} />
        </Fact>
      ) : null}
    </Facts>
  )
}
