import { formatDuration } from '../../campaign/duration.ts'
import type { FileEvent } from '../../campaign/event-model.ts'
import type { CampaignRow } from '../campaigns/campaign-rows.ts'
import { Code, NextPage, StatePill, Time } from '../components/basics.tsx'
import { ManageCampaign } from '../components/campaign-manage.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { useNumber } from '../components/numbers.tsx'
import { useTimeText } from '../components/times.tsx'
import { Icon } from '../design/icons.tsx'
import { campaignPath } from '../paths.ts'
import { Page } from '../shell/page.tsx'
import { CAMPAIGN_LIST_TEXTS, ENTRY_TEXTS } from '../texts/campaign-list-texts.ts'
import { CAMPAIGN_STATES, useLabel } from '../texts/labels.ts'
import { CAMPAIGN_TEXTS } from '../texts/page-texts.ts'
import { useMay, useText } from '../view.ts'

/** Filters of the list; `all`: everything but the retired campaigns. */
export const LIST_STATES = ['all', 'live', 'paused', 'draft', 'retired'] as const
export type ListState = (typeof LIST_STATES)[number]

export interface CampaignListProps {
  rows: CampaignRow[]
  /** Of accounts, by AppID. */
  names: ReadonlyMap<string, string | null>
  next: string | null
  state: ListState
  find: string
  /** How many campaigns each filter has. */
  counts: Record<ListState, number>
  /** Runs of all campaigns that have not ended. */
  active: number
  /** When the runs and messages were counted, epoch ms. */
  at: number
}

/** `/campaigns` */
export const CampaignListPage = (props: CampaignListProps) => {
  const { rows, next, state, find, counts } = props
  const texts = useText(CAMPAIGN_LIST_TEXTS)
  const number = useNumber()
  const time = useTimeText()
  const isEmpty = counts.all + counts.retired === 0
  return (
    <Page title={texts.title} at="/campaigns" aside={<ListActions />}>
      <p class="quiet list-summary">{texts.running(counts.live, number(props.active))}</p>
      {isEmpty ? null : <ListFilters {...props} />}
      {isEmpty ? (
        <NoCampaign />
      ) : rows.length === 0 ? (
        <p class="empty">{texts.noMatch}</p>
      ) : (
        <div class="campaign-list">
          <DataTable columns={useColumns(props.names)} rows={rows} />
        </div>
      )}
      <NextPage cursor={next} query={{ state, ...(find === '' ? {} : { find }) }} />
      {isEmpty ? null : (
        <p class="quiet">
          {texts.period} {texts.asOf(time(props.at, 'seconds'))} {texts.order}
        </p>
      )}
    </Page>
  )
}

const ListActions = () => {
  const texts = useText(CAMPAIGN_LIST_TEXTS)
  if (!useMay('operator')) return null
  return (
    <div class="row">
      <a class="button" href="/campaigns/new?from=import">
        {texts.import}
      </a>
      <a class="button main" href="/campaigns/new">
        {texts.create}
      </a>
    </div>
  )
}

const NoCampaign = () => {
  const texts = useText(CAMPAIGN_LIST_TEXTS)
  const pages = useText(CAMPAIGN_TEXTS)
  const mayCreate = useMay('operator')
  return (
    <div class="empty">
      <p>{pages.empty}</p>
      {mayCreate ? (
        <>
          <p>{texts.emptyHint}</p>
          <p>
            <a class="button main" href="/campaigns/new">
              {texts.create}
            </a>
          </p>
        </>
      ) : null}
    </div>
  )
}

const ListFilters = ({ state, find, counts }: CampaignListProps) => {
  const texts = useText(CAMPAIGN_LIST_TEXTS)
  const query = (value: ListState) =>
    new URLSearchParams({ state: value, ...(find === '' ? {} : { find }) }).toString()
  return (
    <div class="list-filters">
      <nav class="segments" aria-label={texts.filters}>
        {LIST_STATES.map((value) => (
          <a href={`/campaigns?${query(value)}`} aria-current={value === state ? 'true' : undefined}>
            {value === 'all' ? texts.all : texts.states[value]} <span>{counts[value]}</span>
          </a>
        ))}
      </nav>
      <form method="get" action="/campaigns">
        <input type="hidden" name="state" value={state} />
        <input
          type="search"
          name="find"
          value={find}
          placeholder={texts.find}
          aria-label={texts.find}
          data-find
        />
      </form>
    </div>
  )
}

function useColumns(names: CampaignListProps['names']): Column<CampaignRow>[] {
  const texts = useText(CAMPAIGN_LIST_TEXTS)
  const number = useNumber()
  const count = (of: keyof CampaignRow['activity']) => (row: CampaignRow) =>
    row.version === null ? null : <span class="number">{number(row.activity[of])}</span>
  return [
    { title: texts.name, cell: (row) => <NameCell row={row} /> },
    { title: texts.entry, cell: (row) => (row.accounts === undefined ? null : <EntryCell row={row} />) },
    {
      title: texts.accounts,
      cell: ({ accounts }) =>
        accounts === undefined ? null : <AccountsCell accounts={accounts} names={names} />,
    },
    { title: texts.state, cell: (row) => <StateCell row={row} /> },
    { title: texts.active, cell: count('active') },
    { title: texts.entered, cell: count('entered') },
    { title: texts.sent, cell: count('sent') },
    { title: texts.goals, cell: count('goals') },
    { title: texts.actions, cell: (row) => <RowActions row={row} /> },
  ]
}

const NameCell = ({ row }: { row: CampaignRow }) => {
  const texts = useText(CAMPAIGN_LIST_TEXTS)
  const mayEdit = useMay('operator')
  const path = campaignPath(row.id)
  return (
    <>
      <div class="name-line">
        <a id={`name-${row.id}`} href={row.version === null ? `${path}/versions` : path} translate="no">
          <b>{row.name}</b>
        </a>
        {row.hasDraft && row.version !== null ? (
          <a class="pill" href={`${path}/versions`}>
            {texts.draftChip}
          </a>
        ) : null}
        {row.warnings > 0 ? (
          <a class="pill amber" href={mayEdit ? `${path}/yaml` : path}>
            <Icon name="triangle-alert" />
            {texts.warningChip(row.warnings)}
          </a>
        ) : null}
      </div>
      <div class="quiet name-details">
        <Code>{row.id}</Code>
        {row.version === null ? null : <span>{texts.nth(row.version)}</span>}
        <Time at={row.changedAt} />
      </div>
    </>
  )
}

const EntryCell = ({ row }: { row: CampaignRow }) => {
  const names = useText(ENTRY_TEXTS)
  if (row.entries.length === 0) return <>{names.answers}</>
  const shown = row.entries.slice(0, 2)
  return (
    <>
      {shown.map((entry) => (
        <div>
          {entry.keywords ? names.keywords : (names[entry.event] ?? entry.event)}
          <EntryFilter entry={entry} />
        </div>
      ))}
      {row.entries.length > shown.length ? <div>…</div> : null}
    </>
  )
}

const EntryFilter = ({ entry }: { entry: FileEvent }) => {
  const words = entry.keywords ?? entry.qrScenes ?? entry.keys ?? entry.tags
  const shown =
    words?.slice(0, 2).join(' ') ?? (entry.before === undefined ? '' : formatDuration(entry.before))
  if (shown === '') return null
  return (
    <>
      {' · '}
      <span translate="no">{(words?.length ?? 0) > 2 ? `${shown} …` : shown}</span>
    </>
  )
}

const AccountsCell = (props: { accounts: readonly string[] | null; names: CampaignListProps['names'] }) => {
  const { accounts, names } = props
  const texts = useText(CAMPAIGN_LIST_TEXTS)
  if (accounts === null) return <>{texts.allAccounts}</>
  const appId = accounts[0] ?? ''
  const name = names.get(appId)
  return (
    <>
      {name ? (
        <span class="campaign-account" title={appId} translate="no">
          {name}
        </span>
      ) : (
        <Code>{appId}</Code>
      )}
      {accounts.length > 1 ? <div class="quiet">{texts.more(accounts.length)}</div> : null}
    </>
  )
}

const StateCell = ({ row }: { row: CampaignRow }) => {
  const label = useLabel(CAMPAIGN_STATES)
  const texts = useText(CAMPAIGN_LIST_TEXTS)
  if (row.state === 'draft') return <StatePill state="draft" label={texts.states.draft} />
  const state = row.broken === null ? row.state : 'broken'
  return <StatePill state={state} label={label(state)} />
}

const RowActions = ({ row }: { row: CampaignRow }) => {
  const texts = useText(CAMPAIGN_LIST_TEXTS)
  const path = campaignPath(row.id)
  return (
    <div class="row-actions">
      {useMay('operator') ? <a href={`${path}/edit`}>{texts.edit}</a> : null}
      {row.version === null ? null : <a href={path}>{texts.results}</a>}
      <ManageCampaign campaign={{ ...row, active: row.activity.active }} back="list" />
    </div>
  )
}
