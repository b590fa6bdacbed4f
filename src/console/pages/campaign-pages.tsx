import type { TargetAccount } from '../../api/views/campaign-account-view.ts'
import type { campaignView } from '../../api/views/campaign-view.ts'
import { readFile } from '../../campaign/editing/campaign-items.ts'
import type { Issue } from '../../campaign/issue.ts'
import type { Campaign } from '../../campaign/model.ts'
import type { CountedStatistics } from '../../campaign/statistics/report.ts'
import { Code, Data, Empty, NextPage, StatePill } from '../components/basics.tsx'
import { FrameActions, type FramedCampaign } from '../components/campaign-frame.tsx'
import { CampaignTabs } from '../components/campaign-tabs.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { IssueList } from '../components/issue-list.tsx'
import type { Named } from '../components/step-name.tsx'
import { Icon } from '../design/icons.tsx'
import type { ResultsQuery } from '../results/results-query.ts'
import { Page } from '../shell/page.tsx'
import { apiMessageText } from '../texts/errors/api-error-text.ts'
import { CAMPAIGN_STATES, useLabel } from '../texts/labels.ts'
import { CAMPAIGN_TEXTS } from '../texts/page-texts.ts'
import { useText, useView } from '../view.ts'
import { ResultsView } from './results/results-view.tsx'

type CampaignView = ReturnType<typeof campaignView>

const CampaignState = ({ item }: { item: CampaignView }) => {
  const label = useLabel(CAMPAIGN_STATES)
  const state = item.broken === null ? item.state : 'broken'
  return <StatePill state={state} label={label(state)} />
}

export const CampaignPage = (props: {
  item: CampaignView
  framed: FramedCampaign
  accounts: { items: TargetAccount[]; next: string | null }
  source: string
  warnings: Issue[]
  query: ResultsQuery
  /** The version that the results are shown of. */
  model: Campaign | null
  /** Older ones, with the steps that it does not have any more. */
  others: readonly Campaign[]
  statistics: CountedStatistics | null
}) => {
  const texts = useText(CAMPAIGN_TEXTS)
  const { item, warnings } = props
  const { language } = useView()
  return (
    <Page title={item.name} at="/campaigns" aside={<FrameActions campaign={props.framed} />}>
      <CampaignTabs id={item.id} at="results" isPublished={true} />
      <p class="row">
        <CampaignState item={item} />
        <Code>{`${item.id}@${item.version}`}</Code>
        {item.state === 'live' ? <PhoneLink accounts={props.accounts.items} /> : null}
      </p>
      {item.broken === null ? null : (
        <p class="note red">
          <Icon name="circle-alert" />
          <span>
            {texts.broken} {apiMessageText(item.broken, language)}
          </span>
        </p>
      )}
      {warnings.length > 0 ? <Warnings warnings={warnings} of={readFile(props.source).fields} /> : null}
      <ResultsView
        campaign={item.id}
        version={item.version}
        query={props.query}
        model={props.model}
        others={props.others}
        statistics={props.statistics}
      />
      <section class="card">
        <h2>{texts.accounts}</h2>
        <TargetAccounts {...props.accounts} />
      </section>
      <details class="card">
        <summary>{texts.file}</summary>
        <pre translate="no" tabindex={0}>
          {props.source}
        </pre>
      </details>
    </Page>
  )
}

/** Where a follower of the first account that runs the campaign can be played. */
const PhoneLink = ({ accounts }: { accounts: readonly TargetAccount[] }) => {
  const texts = useText(CAMPAIGN_TEXTS)
  const { simulatorUrl } = useView().links
  const account = accounts.find(({ reasons }) => reasons.length === 0)
  if (!simulatorUrl || !account) return null
  return (
    <a href={`${simulatorUrl}/phone/${encodeURIComponent(account.appId)}`} target="_blank" rel="noopener">
      {texts.tryOnPhone}
    </a>
  )
}

const Warnings = ({ warnings, of }: { warnings: Issue[]; of: Named }) => (
  <section class="note amber">
    <Icon name="triangle-alert" />
    <div>
      <b>{useText(CAMPAIGN_TEXTS).warnings}</b>
      <IssueList issues={warnings} of={of} />
    </div>
  </section>
)

/** The accounts of a campaign, and why it cannot run there. */
const TargetAccounts = ({ items, next }: { items: TargetAccount[]; next: string | null }) => {
  const texts = useText(CAMPAIGN_TEXTS)
  const { language } = useView()
  if (items.length === 0) return <Empty text={texts.noAccount} />
  const columns: Column<TargetAccount>[] = [
    { title: texts.name, cell: (a) => (a.name === null ? null : <Data>{a.name}</Data>) },
    { title: 'AppID', cell: (a) => <Code>{a.appId}</Code> },
    {
      title: texts.canRun,
      cell: (a) => (a.reasons.length === 0 ? texts.yes : <b class="bad">{texts.no}</b>),
    },
    {
      title: texts.reasons,
      cell: (a) => (a.reasons.length === 0 ? null : a.reasons.map((r) => <div>{r[language]}</div>)),
    },
  ]
  return (
    <>
      <DataTable columns={columns} rows={items} />
      <NextPage cursor={next} />
    </>
  )
}
