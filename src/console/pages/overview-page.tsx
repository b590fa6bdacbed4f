import type { accountView } from '../../api/views/account-view.ts'
import type { campaignView } from '../../api/views/campaign-view.ts'
import type { FirstSteps } from '../../store/settings/first-steps.ts'
import { Empty } from '../components/basics.tsx'
import { Icon } from '../design/icons.tsx'
import { requiredAction } from '../remedy.ts'
import { Page } from '../shell/page.tsx'
import { ACCOUNT_STATES, useLabel } from '../texts/labels.ts'
import { OVERVIEW_TEXTS } from '../texts/page-texts.ts'
import { useText, useView } from '../view.ts'
import { AccountState } from './accounts/account-parts.tsx'
import { CampaignState } from './campaign-pages.tsx'
import { StartCard } from './start-page.tsx'

type AccountView = ReturnType<typeof accountView>
type CampaignView = ReturnType<typeof campaignView>

/** What needs a person first, then all accounts and campaigns. */
export const OverviewPage = (props: {
  accounts: AccountView[]
  campaigns: CampaignView[]
  steps: FirstSteps | null
}) => {
  const texts = useText(OVERVIEW_TEXTS)
  const stopped = props.accounts.filter((a) => a.state !== 'active')
  const broken = props.campaigns.filter((c) => c.broken !== null)
  return (
    <Page title={texts.title} at="/">
      {props.steps ? <StartCard steps={props.steps} /> : null}
      {stopped.map((account) => (
        <StoppedAccount account={account} />
      ))}
      {broken.map((campaign) => (
        <p class="note red">
          <Icon name="circle-alert" />
          <span>
            <b translate="no">{campaign.name}</b> {texts.broken}{' '}
            <a href={`/campaigns/${campaign.id}`}>{texts.show}</a>
          </span>
        </p>
      ))}
      {stopped.length + broken.length === 0 ? (
        <p class="note green">
          <Icon name="circle-check" />
          <span>{texts.allWell}</span>
        </p>
      ) : null}
      <div class="columns">
        <section class="card">
          <h2>{texts.accounts}</h2>
          <List
            items={props.accounts}
            row={(a) => (
              <>
                <a href="/accounts" translate="no">
                  {a.name}
                </a>
                <AccountState account={a} />
              </>
            )}
          />
        </section>
        <section class="card">
          <h2>{texts.campaigns}</h2>
          <List
            items={props.campaigns}
            row={(c) => (
              <>
                <a href={`/campaigns/${c.id}`} translate="no">
                  {c.name}
                </a>
                <CampaignState item={c} />
              </>
            )}
          />
        </section>
      </div>
    </Page>
  )
}

function List<T>({ items, row }: { items: T[]; row(item: T): unknown }) {
  const texts = useText(OVERVIEW_TEXTS)
  if (items.length === 0) return <Empty text={texts.nothingYet} />
  return (
    <ul class="lines">
      {items.map((item) => (
        <li>{row(item)}</li>
      ))}
    </ul>
  )
}

/** A state that ends by itself is no alarm. */
const StoppedAccount = ({ account }: { account: AccountView }) => {
  const { language, links } = useView()
  const label = useLabel(ACCOUNT_STATES)
  const action = requiredAction(account, { platform: Boolean(links.authorisationUrl) })
  const tone = account.state === 'paused' || account.state === 'quota-exhausted' ? 'amber' : 'red'
  return (
    <p class={`note ${tone}`}>
      <Icon name={tone === 'red' ? 'circle-alert' : 'triangle-alert'} />
      <span>
        <b translate="no">{account.name}</b> <b>{label(account.state)}</b>
        <br />
        {action?.[language]}
      </span>
    </p>
  )
}
