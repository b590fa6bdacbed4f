import type { Child } from 'hono/jsx'
import type { FirstSteps } from '../../../store/settings/first-steps.ts'
import { Empty } from '../../components/basics.tsx'
import { useNumber } from '../../components/numbers.tsx'
import { ReasonBars } from '../../components/reason-bars.tsx'
import { useTimeText } from '../../components/times.tsx'
import { Icon } from '../../design/icons.tsx'
import type { Overview, OverviewAccount } from '../../overview/overview-data.ts'
import { accountPath } from '../../paths.ts'
import { Page } from '../../shell/page.tsx'
import { OVERVIEW_TEXTS } from '../../texts/overview-texts.ts'
import { useText } from '../../view.ts'
import { AccountState } from '../accounts/account-parts.tsx'
import { StartCard } from '../start-page.tsx'
import { Attention } from './attention.tsx'
import { Due } from './due.tsx'
import { Feed } from './feed.tsx'
import { Figures } from './figures.tsx'
import { LatenessCard } from './lateness.tsx'

/** Accounts beside the figures. The list has all of them. */
const MOST_ACCOUNTS = 8

/** What needs a person first, then what happens today. */
export const OverviewPage = ({ overview, steps }: { overview: Overview; steps: FirstSteps | null }) => {
  const texts = useText(OVERVIEW_TEXTS)
  return (
    <Page title={texts.title} at="/" scripts={['live']} aside={<LiveLine overview={overview} />}>
      <div
        id="live"
        hidden
        {...{ 'hx-sse:connect': '/live?page=overview' }}
        // The extension begins again what was interrupted, not what never began. It ignores the trigger while there is a stream.
        hx-trigger="load, every 15s"
        hx-config="sse.connectTimeout:10s"
        hx-swap="none"
        data-stale={texts.stale('{time}')}
      />
      <p id="live-stale" class="note amber" role="status" hidden>
        <Icon name="triangle-alert" />
        <span />
      </p>
      {steps ? <StartCard steps={steps} /> : null}
      <Attention overview={overview} />
      <Figures overview={overview} />
      <div class="overview-main">
        <Due due={overview.due} />
        <Feed overview={overview} />
      </div>
      <div class="overview-cards">
        <SkipsCard overview={overview} />
        <LatenessCard lateness={overview.today.lateness} />
        <AccountsCard accounts={overview.accounts} />
      </div>
    </Page>
  )
}

/** The parts of the page that change by themselves, by their id. */
export function overviewParts(overview: Overview, added = 0): { id: string; part: Child }[] {
  return [
    { id: 'overview-live', part: <LiveLine overview={overview} /> },
    { id: 'overview-attention', part: <Attention overview={overview} /> },
    { id: 'overview-figures', part: <Figures overview={overview} /> },
    { id: 'overview-due', part: <Due due={overview.due} /> },
    { id: 'overview-feed', part: <Feed overview={overview} added={added} /> },
    { id: 'overview-skips', part: <SkipsCard overview={overview} /> },
    { id: 'overview-lateness', part: <LatenessCard lateness={overview.today.lateness} /> },
    { id: 'overview-accounts', part: <AccountsCard accounts={overview.accounts} /> },
  ]
}

/** When the figures were read. The browser's script says when they are old. */
const LiveLine = ({ overview }: { overview: Overview }) => {
  const texts = useText(OVERVIEW_TEXTS)
  const time = useTimeText()
  return (
    <p id="overview-live" class="live-line quiet">
      <span class="live-dot">{texts.live}</span> {time(overview.at, 'day')} ·{' '}
      <time datetime={new Date(overview.at).toISOString()} data-time={time(overview.at, 'clock')}>
        {texts.asOf(time(overview.at, 'clock'))}
      </time>
    </p>
  )
}

const SkipsCard = ({ overview: { today } }: { overview: Overview }) => {
  const texts = useText(OVERVIEW_TEXTS)
  const { couldNot, byDesign, left } = today.skips
  const isEmpty = couldNot.length + byDesign.length + left.length === 0
  return (
    <section id="overview-skips" class="card">
      <h2>{texts.skips}</h2>
      <p class="quiet">{texts.skipsHint}</p>
      {isEmpty ? (
        <p class="quiet">{texts.noSkips}</p>
      ) : (
        <ReasonBars skips={today.skips} scope={texts.skipsScope} />
      )}
    </section>
  )
}

const AccountsCard = ({ accounts }: { accounts: readonly OverviewAccount[] }) => {
  const texts = useText(OVERVIEW_TEXTS)
  const number = useNumber()
  const first = [...accounts].sort((a, b) => Number(a.state === 'active') - Number(b.state === 'active'))
  return (
    <section id="overview-accounts" class="card">
      <div class="card-head">
        <h2>{texts.accounts}</h2>
        <a href="/accounts">{`${texts.all} (${number(accounts.length)})`}</a>
      </div>
      {accounts.length === 0 ? <Empty text={texts.noAccount} /> : null}
      <ul class="lines">
        {first.slice(0, MOST_ACCOUNTS).map((account) => (
          <li>
            <span>
              <a href={accountPath(account.appId)} translate="no">
                {account.name}
              </a>
              {account.quota ? (
                <small class="quiet block">
                  {texts.quota(number(account.quota.used), number(account.quota.dailyLimit))}
                </small>
              ) : null}
            </span>
            <AccountState account={account} />
          </li>
        ))}
      </ul>
    </section>
  )
}
